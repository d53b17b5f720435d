import { FlowError } from '../core/errors.ts';
import type { CreatePart } from '../server/part.ts';
import type { EntryCodes } from './entry-codes.ts';
import type { PageFile } from './page-files.ts';

export interface InspectorPartOptions {
  readonly codes: EntryCodes;
  /** What a page gets for its code. */
  readonly token: string;
  /** Where the messages of XState's inspectors are told, below the same address. */
  readonly xstate: string;
  /** Whether it may change and hold something; else why not. */
  readonly control: { readonly may: boolean; readonly why: string | null };
  readonly files: ReadonlyMap<string, () => PageFile>;
}

const headers = {
  'content-security-policy': 'default-src \'none\'; script-src \'self\'; style-src \'self\'; img-src \'self\' data:; font-src \'self\'; connect-src \'self\'; frame-ancestors \'none\'; base-uri \'none\'; form-action \'none\'',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
const prefix = '/inspector/';
const maxCodeLength = 200;

/** The page, which holds no data, and the exchange of a code for a token. All else goes over `/api/v1/live`. */
export const createInspectorPart = ({ codes, token, xstate, control, files }: InspectorPartOptions): CreatePart => () => ({
  routes: [
    {
      method: 'GET', path: '/inspector/*', scope: null,
      handle: request => {
        const { pathname } = new URL(request.url);
        if (pathname === '/inspector') return new Response(null, { status: 308, headers: { ...headers, location: prefix } });
        const file = files.get(pathname.slice(prefix.length) || 'index.html')?.();
        if (!file) throw new FlowError('route_unknown', `Expected the path of a file of the page, got \`${pathname.slice(0, 200)}\``);
        return new Response(file.body, { headers: { ...headers, 'content-type': file.type } });
      },
    },
    {
      method: 'POST', path: '/inspector/session', scope: null,
      handle: async request => {
        const code = await readCode(request);
        if (!codes.use(code)) throw new FlowError('token_refused', 'Expected a code that was given out less than a minute ago and not used, got another. Begin the inspector anew, or ask its program for another address');
        return Response.json({ token, control, xstate }, { headers });
      },
    },
  ],
});

async function readCode(request: Request): Promise<string> {
  const { body, headers: sent } = request;
  const length = Number(sent.get('content-length') ?? Number.NaN);
  if (!sent.get('content-type')?.startsWith('application/json') || !body || !(length <= 2 * maxCodeLength)) {
    throw new FlowError('request_invalid', 'Expected a JSON object with `code`, of type `application/json`');
  }
  const given = (await request.json().catch(() => null)) as { readonly code?: unknown } | null;
  if (typeof given?.code === 'string' && given.code.length <= maxCodeLength) return given.code;
  throw new FlowError('request_invalid', 'Expected a JSON object with `code`, a text');
}
