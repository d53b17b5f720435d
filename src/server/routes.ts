import { Hono } from 'hono';
import { mayBeBenchmark, readBenchmarkText } from '../benchmark-format/load-benchmark.ts';
import { FlowError } from '../core/errors.ts';
import { PlanRegistry } from '../kinds/flows/plan-registry.ts';
import type { Scope } from '../owner/protocol.ts';
import type { AnswerCache } from './answer-cache.ts';
import { catalogReads } from './handlers/catalog-reads.ts';
import { executionReads } from './handlers/execution-reads.ts';
import { executionWrites } from './handlers/execution-writes.ts';
import type { FolderSync, ReadContext, ReadHandlers, Told, WriteContext, WriteHandlers } from './handlers/handler.ts';
import { otherWrites } from './handlers/other-writes.ts';
import { predecessorReads } from './handlers/predecessor-reads.ts';
import { queueReads } from './handlers/queue-reads.ts';
import type { Metrics } from './metrics.ts';
import { createOpenApi } from './openapi.ts';
import { readPackageVersion } from './package-version.ts';
import type { ServerContext } from './part.ts';
import type { Asked } from './request.ts';
import { readAsked } from './request.ts';
import type { ReadHandler } from './responder.ts';
import { answerCommand, Responder } from './responder.ts';
import { refusedRoutes } from './table/predecessor-routes.ts';
import type { RouteDefinition } from './table/route.ts';
import { basePath, routes } from './table/routes.ts';

export const readHandlers: ReadHandlers = { ...executionReads, ...catalogReads, ...queueReads, ...predecessorReads };
export const writeHandlers: WriteHandlers = { ...executionWrites, ...otherWrites };

export interface RouteOptions {
  readonly cache: AnswerCache;
  readonly maxBodyBytes: number;
  readonly syncFolder: (() => Promise<FolderSync>) | undefined;
  /** Aborts when the server ends: nobody waits any longer. */
  readonly ending: AbortSignal;
  /** Somebody asks for the metrics. */
  readonly beginMetrics: () => void;
}

type Bound = { readonly Bindings: { readonly scopes: readonly Scope[] } };
type Answer = (request: Request, found: Readonly<Record<string, string>>, scopes: readonly Scope[]) => Promise<Response>;

/** As Hono writes a path: `{id}` is `:id`, `{name*}` takes slashes. */
const toPattern = (path: string): string => path.replaceAll(/\{(\w+)(\*?)\}/g, (_match, name: string, star: string) => `:${name}${star ? '{.+}' : ''}`);

/** Answers what is asked at the routes. */
export function createRoutes(context: ServerContext, options: RouteOptions): (request: Request, scopes: readonly Scope[]) => Promise<Response> {
  const app = new Hono<Bound>();
  for (const { method, path, why } of refusedRoutes) {
    app.on(method, basePath + toPattern(path), () => {
      throw new FlowError('route_refused', `This path of the predecessor is not answered. ${why}`);
    });
  }
  const answers = createAnswers(context, options);
  for (const [id, route] of Object.entries<RouteDefinition>(routes)) {
    const answer = answers[id] as Answer;
    const handle = async (c: { readonly req: { readonly raw: Request; param(): Record<string, string> }; readonly env: Bound['Bindings'] }): Promise<Response> => {
      if (route.scope !== null && !c.env.scopes.includes(route.scope)) throw new FlowError('scope_missing', `Expected a token with the scope \`${route.scope}\``);
      return answer(c.req.raw, c.req.param(), c.env.scopes);
    };
    for (const method of [route.method, ...(route.also ? [route.also] : [])]) app.on(method, basePath + toPattern(route.path), handle);
    if (id === 'getMetrics') app.get(route.path, handle);
  }
  const methods = new Map<string, Set<string>>();
  for (const { path, method, also } of Object.values<RouteDefinition>(routes)) {
    const known = methods.get(path) ?? new Set();
    for (const one of [method, ...(also ? [also] : [])]) known.add(one);
    methods.set(path, known);
  }
  for (const [path, known] of methods) {
    app.all(basePath + toPattern(path), () => {
      throw new FlowError('method_refused', `Expected one of the methods of this path: ${[...known].join(', ')}`);
    });
  }
  app.onError(error => {
    throw error;
  });
  app.notFound(c => {
    throw new FlowError('route_unknown', `Expected a path of the API, got \`${c.req.path.slice(0, 100)}\`. GET ${basePath}/openapi.json has all of them`);
  });
  return async (request, scopes) => app.fetch(request, { scopes });
}

function createAnswers(context: ServerContext, options: RouteOptions): Readonly<Record<string, Answer>> {
  const { reader, clock, redact, listOwnFlows } = context;
  const reading: ReadContext = Object.freeze({ reader, clock, listOwnFlows, plans: new PlanRegistry() });
  const responder = new Responder(reading, options.cache, redact);
  const readAll = async (route: RouteDefinition, request: Request, found: Readonly<Record<string, string>>): Promise<Asked> => readAsked(route, request, found, options.maxBodyBytes);
  const reads = Object.entries(readHandlers).map(([id, handler]): [string, Answer] => {
    const route: RouteDefinition = routes[id as keyof typeof routes];
    return [id, async (request, found) => responder.answer(route, await readAll(route, request, found), handler as ReadHandler)];
  });
  const writes = Object.entries(writeHandlers).map(([id, handler]): [string, Answer] => {
    const route: RouteDefinition = routes[id as keyof typeof routes];
    const write = handler as (asked: Asked, written: WriteContext) => Promise<Told>;
    return [id, async (request, found) => {
      const asked = await readAll(route, request, found);
      return answerCommand(await write(asked, await requireWriting(context, reading, options)), redact);
    }];
  });
  return Object.fromEntries([...reads, ...writes, ...createSystemAnswers(context, options, responder)]);
}

/** What commands have. @throws a `FlowError` with code `server_read_only`, or why the runtime does not work */
async function requireWriting({ client, feed, readHealth }: ServerContext, reading: ReadContext, { syncFolder, ending }: RouteOptions): Promise<WriteContext> {
  if (!client) throw new FlowError('server_read_only', 'Expected a server that may change something, this one only reads');
  const { status, reason } = await readHealth();
  if (status === 'faulted') throw new FlowError('runtime_faulted', `The runtime does nothing until it is restarted: ${reason ?? 'a commit failed'}`);
  if (status === 'stopping' || (status === 'stopped' && reason === undefined)) throw new FlowError('runtime_stopped', 'The runtime has been stopped');
  return { ...reading, client, feed, ending, syncFolder, toFlowText };
}

async function toFlowText(text: string): Promise<string> {
  const benchmark = mayBeBenchmark(text) ? await readBenchmarkText(text, 'the body') : undefined;
  return benchmark ? JSON.stringify(benchmark.definition) : text;
}

function createSystemAnswers(context: ServerContext, { beginMetrics }: RouteOptions, responder: Responder): [string, Answer][] {
  const { metrics } = context;
  const version = readPackageVersion();
  let document: unknown;
  return [
    ['getHealth', async (_request, _found, scopes) => answerHealth(context, version, scopes)],
    ['getOpenApi', async request => responder.answer({ ...routes.getOpenApi }, { params: {}, query: {}, body: undefined, labels: {}, request } as Asked, async () => ({ body: (document ??= createOpenApi(version)) }))],
    ['getMetrics', async () => answerMetrics(metrics, beginMetrics)],
  ];
}

async function answerHealth({ readHealth, reader, client, feed, clock, redact }: ServerContext, version: string, scopes: readonly Scope[]): Promise<Response> {
  const { status, reason, activeFlows, runningSteps } = await readHealth();
  const owner = scopes.includes('read') ? await reader.getOwner() : undefined;
  const { scored: _scored, failed: _failed, ...unsettled } = scopes.includes('read') ? await reader.countExecutions() : { scored: 0, failed: 0 };
  const more = {
    ...(reason !== undefined && { reason }), version, timestamp: new Date(clock.now()).toISOString(), readOnly: client === undefined,
    owner: owner ? { pid: owner.pid, hostname: owner.hostname, startedAt: owner.startedAt } : null,
    ...(activeFlows !== undefined && { activeFlows }), ...(runningSteps !== undefined && { runningSteps }), unsettled,
  };
  const body = scopes.includes('read') ? { status, ...more, cursor: await feed.here() } : { status };
  return new Response(redact(JSON.stringify(body)), { status: status === 'running' ? 200 : 503, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...(status !== 'running' && { 'retry-after': '2' }) } });
}

async function answerMetrics(metrics: Metrics, begin: () => void): Promise<Response> {
  begin();
  return new Response(await metrics.write(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' } });
}
