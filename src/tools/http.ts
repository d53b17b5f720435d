import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import type { Tool } from '../kinds/flows/tool.ts';
import { parseJsonText } from '../core/json-text.ts';
import { defineBuiltIn, permanent, toErrno, transient } from './define-built-in.ts';
import { jsonValue, textRecord } from './json-value.ts';

const input = z
  .strictObject({
    url: z.string().refine(isPlainHttpUrl, 'Expected an http or https URL without a user name in it'),
    method: z
      .string()
      .regex(/^[A-Za-z]{1,20}$/, 'Expected a method such as GET or POST')
      .transform(method => method.toUpperCase())
      .default('GET'),
    headers: textRecord().default({}),
    body: jsonValue.optional(),
    expect: z.array(z.int().min(100).max(599)).min(1).optional(),
    parse: z.enum(['json', 'text', 'auto']).default('auto'),
    maxBodyBytes: z.int().min(0).default(1024 * 1024),
  })
  .refine(({ method, body }) => body === undefined || (method !== 'GET' && method !== 'HEAD'), {
    path: ['body'],
    message: 'Expected no body with GET or HEAD; set method to POST, PUT or PATCH',
  });

const output = z.object({
  status: z.number(),
  headers: textRecord(),
  body: jsonValue,
});

export interface HttpOptions {
  /** Default: the system's. Read for `Retry-After` dates only. */
  readonly clock?: Clock;
}

const maxRetryAfterMs = 24 * 60 * 60 * 1_000;

/** Makes the tool `http`: one request, its response as JSON or text. */
export function createHttpTool({ clock = systemClock }: HttpOptions = {}): Tool<'http', z.input<typeof input>, z.output<typeof output>> {
  return defineBuiltIn({
    name: 'http',
    description: 'Makes one HTTP request and returns its response.',
    input,
    output,
    async run({ input: { url, method, headers, body, expect, parse, maxBodyBytes }, signal, idempotencyKey }) {
      const where = `${method} ${withoutQuery(url)}`;
      const response = await fetch(url, {
        method,
        headers: toHeaders(headers, body, idempotencyKey),
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal,
      }).catch((error: unknown) => {
        throw toNetworkFailure(where, error);
      });
      const accepted = expect ? expect.includes(response.status) : response.ok;
      if (!accepted) throw await toStatusFailure(where, response, maxBodyBytes, clock);
      const text = await readBody(where, response, maxBodyBytes);
      return { status: response.status, headers: toPlainHeaders(response.headers), body: parseBody(where, text, response, parse) };
    },
  });
}

function isPlainHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

/** Queries carry tokens often enough to keep them out of messages. */
function withoutQuery(text: string): string {
  const { origin, pathname } = new URL(text);
  return origin + pathname;
}

function toHeaders(given: { readonly [name: string]: string }, body: unknown, idempotencyKey: string): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    // The platform leaves it out in silence.
    if (name === '__proto__') throw permanent('http_header_invalid', 'Expected headers of other names than `__proto__`: the platform sends none of this name', { header: name });
    try {
      headers.set(name, value);
    } catch {
      // The platform's own message would repeat the value.
      throw permanent('http_header_invalid', `Expected header ${JSON.stringify(name)} to have a valid name and a value without line breaks`, { header: name });
    }
  }
  if (!headers.has('idempotency-key')) headers.set('idempotency-key', idempotencyKey);
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  }
  return headers;
}

function toNetworkFailure(where: string, error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  const errno = toErrno(cause) ?? toErrno(error);
  const why = errno ?? (cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error));
  return transient('http_network', `${where} got no answer: ${why}`, { ...(errno !== undefined && { errno }) });
}

async function toStatusFailure(where: string, response: Response, maxBodyBytes: number, clock: Clock): Promise<Error> {
  const { status } = response;
  const body = await readBody(where, response, Math.min(maxBodyBytes, 64 * 1024)).catch(() => '');
  const message = `${where} answered ${status}${response.statusText && ` ${response.statusText}`}`;
  const details = { status, body: body.slice(0, 1_000) };
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  if (!retryable) return permanent('http_status', message, details);
  return transient('http_status', message, details, parseRetryAfter(response.headers.get('retry-after'), clock.now()));
}

/** Seconds or a date, as RFC 9110 has it; cut to a day; undefined when there is none that can be read. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null || value.trim() === '') return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), maxRetryAfterMs);
}

async function readBody(where: string, response: Response, maxBodyBytes: number): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw toNetworkFailure(where, error);
    });
    if (done) return Buffer.concat(chunks).toString('utf8');
    bytes += value.length;
    if (bytes > maxBodyBytes) {
      await reader.cancel().catch(() => undefined);
      throw permanent('http_body_too_large', `${where} answered with more than ${maxBodyBytes} bytes; raise maxBodyBytes or ask for less`, { maxBodyBytes });
    }
    chunks.push(value);
  }
}

/** Cookies are left out: outputs are stored. */
function toPlainHeaders(headers: Headers): { [name: string]: string } {
  return Object.fromEntries([...headers].filter(([name]) => name !== 'set-cookie'));
}

function parseBody(where: string, text: string, response: Response, parse: 'json' | 'text' | 'auto'): unknown {
  const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '');
  if (parse === 'text' || (parse === 'auto' && !isJson)) return text;
  if (text === '') return null;
  try {
    return parseJsonText(text);
  } catch (error) {
    throw permanent('http_body_invalid', `Expected ${where} to answer with JSON: ${(error as Error).message}`, { body: text.slice(0, 1_000) });
  }
}
