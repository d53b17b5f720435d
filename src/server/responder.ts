import { createHash } from 'node:crypto';
import { FlowError } from '../core/errors.ts';
import type { AnswerCache, Rendered, Subject } from './answer-cache.ts';
import type { ReadContext, Told } from './handlers/handler.ts';
import type { Asked } from './request.ts';
import type { RouteDefinition } from './table/route.ts';
import { ExecutionVersions, readActorVersion, readVersion } from './version.ts';

export type ReadHandler = (asked: Asked, context: ReadContext) => Promise<Told>;

const json = 'application/json';
const immutable = 'private, max-age=31536000, immutable';

/** Answers what is read: from what is kept, or anew; or says that nothing has changed. */
export class Responder {
  readonly #context: ReadContext;
  readonly #cache: AnswerCache;
  readonly #redact: (text: string) => string;
  readonly #versions: ExecutionVersions;

  constructor(context: ReadContext, cache: AnswerCache, redact: (text: string) => string) {
    this.#context = context;
    this.#cache = cache;
    this.#redact = redact;
    this.#versions = new ExecutionVersions(context.reader);
  }

  async answer(route: RouteDefinition, asked: Asked, handler: ReadHandler): Promise<Response> {
    if (route.cache === undefined) return this.#answerNow(asked, handler);
    if (route.cache === 'body') return this.#answerByBody(asked, handler);
    const { version, subject } = await this.#readVersion(route, asked);
    // Not there: the handler says so.
    if (version === undefined) return this.#answerNow(asked, handler);
    const key = toKey(asked);
    const tag = `"${version}${createHash('sha1').update(key).digest('base64url').slice(0, 4)}"`;
    if (isUnchanged(asked, tag)) {
      this.#cache.counts.unchanged += 1;
      return new Response(null, { status: 304, headers: { etag: tag, 'cache-control': 'private, no-cache', vary: 'Accept, Authorization' } });
    }
    const again = async (): Promise<Rendered | undefined> => {
      const { version: newer } = await this.#readVersion(route, asked);
      return newer === undefined ? undefined : this.#render(asked, handler, newer);
    };
    const rendered = await this.#cache.get(key, version, subject, () => this.#render(asked, handler, version), again);
    return toResponse(rendered, tag);
  }

  async #readVersion(route: RouteDefinition, { params, query }: Asked): Promise<{ readonly version: string | undefined; readonly subject: Subject }> {
    const { reader } = this.#context;
    const { id = '' } = params as { readonly id?: string };
    if (route.cache === 'actor') return { version: await readActorVersion(reader, id), subject: `actor:${id}` };
    if (route.cache === 'all') return { version: await readVersion(reader), subject: '*' };
    const { generation } = query as { readonly generation?: number };
    return { version: await this.#versions.read(id, generation), subject: `flow:${id}` };
  }

  async #render(asked: Asked, handler: ReadHandler, version: string): Promise<Rendered> {
    const told = await handler(asked, this.#context);
    const headers = { 'cache-control': told.immutable ? immutable : 'private, no-cache', ...told.headers };
    return { version, body: this.#write(told), type: told.type ?? json, headers };
  }

  #write({ body, text }: Told): string {
    return this.#redact(text ?? JSON.stringify(body));
  }

  async #answerNow(asked: Asked, handler: ReadHandler): Promise<Response> {
    const told = await handler(asked, this.#context);
    if (told.response) return told.response;
    // What can never change needs no version.
    if (told.immutable) return this.#tag(asked, told);
    return new Response(this.#write(told), { headers: { 'content-type': told.type ?? json, 'cache-control': 'no-store', ...told.headers } });
  }

  async #answerByBody(asked: Asked, handler: ReadHandler): Promise<Response> {
    return this.#tag(asked, await handler(asked, this.#context));
  }

  #tag(asked: Asked, told: Told): Response {
    const body = this.#write(told);
    const tag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    const headers = { 'cache-control': told.immutable ? immutable : 'private, no-cache', ...told.headers };
    if (isUnchanged(asked, tag)) {
      this.#cache.counts.unchanged += 1;
      return new Response(null, { status: 304, headers: { etag: tag, vary: 'Accept, Authorization', ...headers } });
    }
    return toResponse({ version: '', body, type: told.type ?? json, headers }, tag);
  }
}

/** What a command has come to. */
export function answerCommand({ status = 200, body, headers }: Told, redact: (text: string) => string): Response {
  if (status === 204) return new Response(null, { status, headers: { ...headers } });
  if (body === undefined) throw new FlowError('internal_error', 'Expected a command to answer with something');
  return new Response(redact(JSON.stringify(body)), { status, headers: { 'content-type': json, 'cache-control': 'no-store', ...headers } });
}

function toResponse({ body, type, headers }: Rendered, tag: string): Response {
  return new Response(body, { headers: { 'content-type': type, etag: tag, vary: 'Accept, Authorization', ...headers } });
}

/** What was asked, however it was written. */
function toKey({ request }: Asked): string {
  const { pathname, searchParams } = new URL(request.url);
  searchParams.sort();
  return `${pathname}?${searchParams.toString()} ${request.headers.get('accept') ?? ''}`;
}

function isUnchanged({ request }: Asked, tag: string): boolean {
  const given = request.headers.get('if-none-match');
  return given !== null && given.split(',').some(one => one.trim().replace(/^W\//, '') === tag);
}
