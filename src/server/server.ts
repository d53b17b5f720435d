/**
 * The server: a function from a request to an answer, and what listens for these on a port.
 *
 * A request passes, in this order: the guard (`guard.ts`: `Host` and `Origin`), the token (`authority.ts`), the rate, the
 * routes. What is not found after that is 404; without a token it is 401, whatever its path.
 *
 * The server has parts beside its routes (`part.ts`). A part is made from the context, so that it has the same reader,
 * client, feed and authority as the routes, and says what it answers:
 *
 * - `routes`: whole paths (`GET /api/v1/feed`) or all below one (`/inspector/*`). With a `scope` the token has been
 *   checked before `handle` is called; with `scope: null` anybody may ask, as for the files of a page without data.
 * - `upgrades`: paths at which a connection changes to another protocol (`/api/v1/live`). `Host` and `Origin` have been
 *   checked; the part asks `context.authority.admit(token)` itself, since a browser sends a token in its first message.
 * - `close`: called before the listener ends, to say goodbye.
 *
 * `standard-parts.ts` lists those that every server has; `createServer(…, { parts })` adds further ones.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { processTime, systemClock } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import type { Logger } from '../core/logger.ts';
import { silentLogger } from '../core/logger.ts';
import { createRedactor } from '../core/redact.ts';
import type { RedactValue } from '../core/redact-values.ts';
import { createValueRedactor } from '../core/redact-values.ts';
import type { Scope } from '../owner/protocol.ts';
import type { Runtime } from '../runtime/api.ts';
import { AnswerCache } from './answer-cache.ts';
import type { AuthOptions } from './authority.ts';
import { Authority } from './authority.ts';
import { FeedMetrics } from './feed-metrics.ts';
import type { GuardOptions } from './guard.ts';
import { Guard } from './guard.ts';
import type { Listening, ListenOptions } from './listener.ts';
import { listen } from './listener.ts';
import type { FolderSync } from './handlers/handler.ts';
import type { Metrics } from './metrics.ts';
import { createMetrics } from './metrics.ts';
import type { CreatePart, PartRoute, ServerContext, ServerPart } from './part.ts';
import { answerProblem, toProblem } from './problem.ts';
import { Rate } from './rate.ts';
import { createRoutes } from './routes.ts';
import type { StoreSource } from './source.ts';
import { openSource } from './source.ts';
import { standardParts } from './standard-parts.ts';
import { addStoreMetrics } from './store-metrics.ts';
import { basePath } from './table/routes.ts';

export type { RedactValue } from '../core/redact-values.ts';

export interface ServerOptions extends GuardOptions {
  /** Who is let in. */
  readonly auth: AuthOptions;
  /** What the server has beside its routes. */
  readonly parts?: readonly CreatePart[];
  /** Takes the folder over that the server was started with, for `POST /api/v1/sync`. */
  readonly syncFolder?: () => Promise<FolderSync>;
  /** Largest body of a request, bytes. Default 4 MiB and 64 KiB. */
  readonly maxBodyBytes?: number;
  /** Requests that the bearer of a token may send a second. Default 2,000; `Infinity`: as many as they like. */
  readonly requestsPerSecond?: number;
  /** Most that rendered answers take in memory, bytes. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** Texts that must not be told; as of `createRuntime`. */
  readonly secrets?: readonly string[];
  /** Called with every value that is told, and its path in the answer; what it returns is told in its place. Costs time. Default: none. */
  readonly redact?: RedactValue;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
}

export interface Server {
  /** Answers a request, from wherever it comes. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /**
   * Listens on a port, on the loopback address unless told otherwise.
   *
   * @throws a `FlowError` with code `port_taken` or `option_invalid`
   */
  listen(options?: ListenOptions): Promise<Listening>;
  /** Ends everything that it has begun; what it was given stays open. */
  close(): Promise<void>;
}

const serverKeys: KeysOf<ServerOptions> = {
  auth: true, parts: true, syncFolder: true, maxBodyBytes: true, requestsPerSecond: true, cacheBytes: true, secrets: true, redact: true, clock: true, logger: true, hosts: true, origins: true,
};
const defaultMaxBodyBytes = 4 * 1_024 * 1_024 + 65_536;
const known: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/**
 * Makes a server of a runtime of this process, or of a store that another process owns.
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function createServer(source: Runtime | StoreSource, options: ServerOptions): Server {
  const { auth, parts = [], secrets, redact: redactValue, clock = systemClock, logger = silentLogger, syncFolder, maxBodyBytes = defaultMaxBodyBytes, requestsPerSecond, cacheBytes, ...guarded } =
    requireKnownKeys(options, serverKeys, '`createServer`');
  const redact = createValueRedactor(createRedactor(secrets), redactValue);
  const guard = new Guard(guarded);
  const authority = new Authority(auth);
  const rate = new Rate(requestsPerSecond);
  const opened = openSource(source, { clock, redact });
  const { reader, client, service, feed, readHealth, listOwnFlows } = opened;
  const metrics = createMetrics();
  const context: ServerContext = { reader, client, service, feed, readHealth, listOwnFlows, authority, metrics, clock, logger, redact };
  const ending = new AbortController();
  const cache = new AnswerCache(feed, clock, logger, cacheBytes);
  const counted = new FeedMetrics(metrics, reader, feed, clock, logger);
  addStoreMetrics(metrics, reader, cache, readHealth);
  const routes = createRoutes(context, { cache, maxBodyBytes, syncFolder, ending: ending.signal, beginMetrics: () => counted.begin() });
  const made = [...standardParts, ...parts].map(create => create(context));
  const release = (): void => {
    cache.close();
    counted.close();
    opened.close();
  };
  return new RequestServer({ context, guard, rate, parts: made, routes, end: () => ending.abort(), release });
}

interface Assembled {
  readonly context: ServerContext;
  readonly guard: Guard;
  readonly rate: Rate;
  readonly parts: readonly ServerPart[];
  readonly routes: (request: Request, scopes: readonly Scope[]) => Promise<Response>;
  /** Lets nobody wait any longer. */
  readonly end: () => void;
  readonly release: () => void;
}

class RequestServer implements Server {
  readonly #context: ServerContext;
  readonly #guard: Guard;
  readonly #parts: readonly ServerPart[];
  readonly #rate: Rate;
  readonly #routes: Assembled['routes'];
  readonly #end: () => void;
  readonly #release: () => void;
  readonly #requests: ReturnType<Metrics['counter']>;
  readonly #durations: ReturnType<Metrics['histogram']>;
  readonly #listening = new Set<Listening>();
  #closing: Promise<void> | undefined;

  constructor({ context, guard, rate, parts, routes, end, release }: Assembled) {
    this.#end = end;
    this.#context = context;
    this.#guard = guard;
    this.#rate = rate;
    this.#parts = parts;
    this.#routes = routes;
    this.#release = release;
    this.#requests = context.metrics.counter('http_requests_total', 'Requests that were answered', ['method', 'status']);
    this.#durations = context.metrics.histogram('http_request_duration_seconds', 'How long answers took', ['method']);
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { clock } = this.#context;
    const begun = processTime(clock);
    const origin = request.headers.get('origin');
    const answer = await this.#answer(request, origin).catch((error: unknown) => this.#refuse(error));
    const method = known.has(request.method) ? request.method : 'other';
    this.#requests.add({ method, status: String(answer.status) });
    this.#durations.observe((processTime(clock) - begun) / 1_000, { method });
    return this.#guard.isForeign(origin) ? allow(answer, origin) : answer;
  };

  async listen(options: ListenOptions = {}): Promise<Listening> {
    const { host = '127.0.0.1' } = options;
    if (!isLoopback(host) && this.#context.authority.anonymous.length > 0) {
      throw new FlowError('option_invalid', `Expected a loopback address while something may be done without a token, got \`${host}\`. Give \`auth\` a token, and leave out \`anonymous\``);
    }
    const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => this.#upgrade(request, socket, head);
    const listening = await listen(options, { fetch: this.fetch, upgrade, clock: this.#context.clock });
    this.#listening.add(listening);
    return listening;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#end();
    await Promise.all(this.#parts.map(async part => part.close?.()));
    await Promise.all([...this.#listening].map(listening => listening.close()));
    this.#release();
  }

  async #answer(request: Request, origin: string | null): Promise<Response> {
    const { pathname, host } = new URL(request.url);
    this.#guard.check(request.headers.get('host') ?? host, origin);
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow: 'GET, HEAD, POST, PUT, DELETE, OPTIONS' } });
    const route = this.#findRoute(request.method, pathname);
    const scopes = this.#context.authority.admitRequest(request.headers);
    if (route?.scope === null) return route.handle(request, { scopes: scopes ?? [], signal: request.signal });
    // The one path that says something without a token: whether the server works.
    if (!scopes && pathname !== `${basePath}/health`) {
      await this.#rate.refuse();
      throw this.#toRefusal(request);
    }
    await this.#rate.admit(request.headers.get('authorization') ?? 'anonymous');
    if (!route) return this.#routes(request, scopes ?? []);
    if (!scopes?.includes(route.scope)) throw new FlowError('scope_missing', `Expected a token with the scope \`${route.scope}\``);
    return route.handle(request, { scopes, signal: request.signal });
  }

  #toRefusal(request: Request): FlowError {
    if (request.headers.has('authorization')) return new FlowError('token_refused', 'Expected a token of this server in `Authorization: Bearer TOKEN`, got another');
    return new FlowError('token_missing', 'Expected a token in `Authorization: Bearer TOKEN`. `flowstone serve` says where it is');
  }

  #findRoute(method: string, path: string): PartRoute | undefined {
    const asked = method === 'HEAD' ? 'GET' : method;
    const fits = (route: PartRoute): boolean => route.path === path || (route.path.endsWith('/*') && (`${path}/`).startsWith(route.path.slice(0, -1)));
    for (const { routes = [] } of this.#parts) for (const route of routes) if (route.method === asked && fits(route)) return route;
    return undefined;
  }

  #refuse(error: unknown): Response {
    if (!isFlowError(error)) this.#context.logger.error({ err: error }, 'a request met an unknown error');
    return answerProblem(toProblem(error, this.#context.redact));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      this.#guard.check(request.headers.host ?? '', request.headers.origin ?? null);
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      const found = this.#parts.flatMap(({ upgrades = [] }) => upgrades).find(({ path }) => path === pathname);
      if (!found) throw new FlowError('route_unknown', 'Expected a path at which a connection can be upgraded');
      found.handle(request, socket, head);
    } catch (error) {
      const { status, title } = toProblem(error, this.#context.redact);
      socket.end(`HTTP/1.1 ${status} ${title}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
  }
}

/** Lets a page of another origin, which was named, read an answer. */
function allow(answer: Response, origin: string): Response {
  const headers = new Headers(answer.headers);
  headers.set('access-control-allow-origin', origin);
  headers.append('vary', 'Origin');
  headers.set('access-control-allow-headers', 'authorization, content-type, if-none-match, last-event-id, range');
  headers.set('access-control-allow-methods', 'GET, HEAD, POST, PUT, DELETE');
  headers.set('access-control-expose-headers', 'etag, location, retry-after, content-range, accept-ranges');
  headers.set('access-control-max-age', '600');
  return new Response(answer.body, { status: answer.status, headers });
}
