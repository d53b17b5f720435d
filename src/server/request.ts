import type { z } from 'zod';
import { FlowError } from '../core/errors.ts';
import { describeValue, didYouMean } from '../core/wording.ts';
import type { RouteDefinition } from './table/route.ts';

/** What was asked at a route, checked. */
export interface Asked<Route extends RouteDefinition = RouteDefinition> {
  readonly params: Route['params'] extends z.ZodType ? z.output<Route['params']> : Record<never, never>;
  readonly query: Route['query'] extends z.ZodType ? z.output<Route['query']> : Record<never, never>;
  readonly body: Route['body'] extends { readonly schema: z.ZodType } ? z.output<Route['body']['schema']> : undefined;
  /** Query parameters `label.NAME`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly request: Request;
}

type Where = 'path' | 'query' | 'body';

/** @throws a `FlowError` with code `parameter_invalid` that names what is wrong */
function check<Schema extends z.ZodType>(schema: Schema, value: unknown, where: Where): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = [where, ...(issue?.path ?? [])].map(String).join('.');
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys((schema as { readonly shape?: object }).shape ?? {});
    const [key = ''] = issue.keys;
    const hint = didYouMean(key, known) || (known.length > 0 ? `; there are ${known.join(', ')}` : '; it takes none');
    throw new FlowError('parameter_invalid', `Expected nothing called ${describeValue(key)} in the ${where} of the request${hint}`, { place: { path } });
  }
  throw new FlowError('parameter_invalid', `Expected another value at ${path}: ${issue?.message ?? 'it does not fit'}`, { place: { path } });
}

function readQuery(url: URL, takesLabels: boolean): { readonly given: Record<string, string>; readonly labels: Record<string, string> } {
  const given: Record<string, string> = Object.create(null) as Record<string, string>;
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of url.searchParams) {
    const isLabel = takesLabels && name.startsWith('label.') && name.length > 'label.'.length;
    const [place, key] = isLabel ? [labels, name.slice('label.'.length)] : [given, name];
    if (key in place) throw new FlowError('parameter_invalid', `Expected ${describeValue(name)} once in the query of the request`, { place: { path: `query.${name}` } });
    place[key] = value;
  }
  return { given: { ...given }, labels: { ...labels } };
}

/** Reads a body of a bounded size. @throws a `FlowError` with code `body_too_large` or `body_unreadable` */
async function readText(request: Request, maxBytes: number): Promise<string> {
  const refuse = (bytes: number): FlowError => new FlowError('body_too_large', `Expected a body of at most ${maxBytes} bytes, got ${bytes} or more`);
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw refuse(announced);
  if (!request.body) return '';
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of request.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > maxBytes) throw refuse(bytes);
      pieces.push(piece);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch (error) {
    if (error instanceof FlowError) throw error;
    throw new FlowError('body_unreadable', 'Expected a body that arrives whole, in UTF-8', { cause: error });
  }
}

async function readBody({ schema, types = ['application/json'], optional }: NonNullable<RouteDefinition['body']>, request: Request, maxBytes: number): Promise<unknown> {
  const text = await readText(request, maxBytes);
  if (text === '' && optional) return check(schema, {}, 'body');
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type)) {
    throw new FlowError('body_type_refused', `Expected a body of type ${types.join(' or ')}, got ${type === '' ? 'none' : describeValue(type)}. Set the header \`Content-Type\` (curl: \`--json\`)`);
  }
  if (types[0] !== 'application/json') return check(schema, text, 'body');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FlowError('body_unreadable', `Expected a body of JSON, got what cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return check(schema, value, 'body');
}

/** Reads what is asked at a route. @throws a `FlowError` with the code of what is wrong */
export async function readAsked(route: RouteDefinition, request: Request, found: Readonly<Record<string, string>>, maxBytes: number): Promise<Asked> {
  const { given, labels } = readQuery(new URL(request.url), route.labels === true);
  const params = route.params ? check(route.params, found, 'path') : {};
  const query = route.query ? check(route.query, given, 'query') : requireNone(given);
  const body = route.body ? await readBody(route.body, request, maxBytes) : undefined;
  return { params, query, body, labels, request } as Asked;
}

function requireNone(given: Readonly<Record<string, string>>): Record<never, never> {
  const [name] = Object.keys(given);
  if (name === undefined) return {};
  throw new FlowError('parameter_invalid', `Expected no query, got ${describeValue(name)}`, { place: { path: `query.${name}` } });
}
