import { readStats } from '../catalog/read-stats.ts';
import type { Clock } from '../core/clock.ts';
import type { LogTap } from '../core/log-tap.ts';
import type { Debugger } from '../debugger/debugger.ts';
import { serveDebugger } from '../debugger/serve-debugger.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { Feed, FeedPage } from '../engine/feed/feed.ts';
import type { ActorReach } from '../kinds/actors/actor-reach.ts';
import type { ExecutionDetails, ExecutionSummary } from '../kinds/flows/execution-api.ts';
import type { FlowRuntime } from '../kinds/flows/flow-runtime.ts';
import type { ListOptions } from '../kinds/flows/list-executions.ts';
import { listExecutions } from '../kinds/flows/list-executions.ts';
import type { QueueService } from '../kinds/queues/serve-queues.ts';
import type { Following, Service, Told } from '../owner/method.ts';
import { serveMethods, serveTopics } from '../owner/method.ts';
import { debugTopics, valueMethods } from '../owner/debug-methods.ts';
import { inspectTopics } from '../owner/inspect-methods.ts';
import { liveTopics } from '../owner/live-topics.ts';
import { flowMethods } from '../owner/methods.ts';
import { topics } from '../owner/queue-methods.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { ExecutionPage } from './client-api.ts';
import { ExecutionFacts } from './execution-facts.ts';
import type { ExecutionSource } from './execution-topic.ts';
import { followExecution } from './execution-topic.ts';
import { followExecutions } from './follow-executions.ts';
import { readValue } from './read-value.ts';
import type { RequestLog } from './request-log.ts';
import { followLogs } from './follow-logs.ts';
import { serveInspecting } from './serve-inspecting.ts';
import { upsertFlows } from './upsert-flows.ts';

export interface ServedRuntime {
  readonly core: FlowRuntime;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly actors: ActorReach;
  readonly queues: QueueService;
  readonly log: RequestLog;
  readonly readDetails: (executionId: string, options: { readonly generation?: number | undefined; readonly items?: boolean | undefined }) => Promise<ExecutionDetails>;
  readonly toSummary: (record: ExecutionRecord) => ExecutionSummary;
  readonly maxInterruptions: number;
  /** What handlers log. */
  readonly logs: LogTap;
  readonly openDebugger: () => Debugger;
  /** Undefined: nobody has debugged yet. */
  readonly getDebugger: () => Debugger | undefined;
  readonly logSteering: (method: string, target: string | undefined) => void;
  /** Of the tools that the runtime has. */
  readonly toolNames: readonly string[];
}

/** Leaves out what is undefined: a caller within the process would not have named it either. */
function given<Options extends object>(options: Options): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Name in keyof Options]: Exclude<Options[Name], undefined> };
}

/** What a runtime can be asked for. */
export interface RuntimeService extends Service {
  /** What its topic `execution` is told by, for who tells it to many. */
  readonly executions: ExecutionSource;
}

/** What clients can ask a runtime for, whatever carries what they say. */
export function serveRuntime({ core, engine, clock, actors, queues, log, readDetails, toSummary, maxInterruptions, logs, openDebugger, getDebugger, logSteering, toolNames }: ServedRuntime): RuntimeService {
  const { store, feed } = engine;
  const prune = async (params: Parameters<typeof store.prune>[0]): Promise<number> => {
    engine.requireRunning();
    const deleted = await store.prune({ ...params, at: clock.now() });
    feed.wake();
    return deleted;
  };
  const list = async ({ after, ...options }: { readonly [Name in keyof ListOptions]?: ListOptions[Name] | undefined } & { readonly after?: string | undefined }): Promise<ExecutionPage> => {
    const { records, next } = await listExecutions(store, given(options) as ListOptions, after);
    return { executions: records.map(toSummary), next };
  };
  const methods = serveMethods(flowMethods, {
    start: ({ flowId, ...options }, call) => log.once('start', call, request => core.start(flowId, given(options), request)),
    get: ({ executionId, ...options }) => readDetails(executionId, options),
    list,
    signal: ({ executionId, name, payload = null, force }, call) => log.once('signal', call, async request => {
      await core.signal(executionId, name, payload, force, request);
      return null;
    }),
    cancel: ({ executionId, message }, call) => log.once('cancel', call, request => core.cancel(executionId, message, request)),
    retry: ({ executionId, ...options }, call) => log.once('retry', call, request => core.retry(executionId, given(options), request)),
    resume: async ({ executionId, ...options }, { again }) => {
      await core.resume(executionId, given(options)).catch((error: unknown) => {
        // The first try has done it: it goes on, or has come to its end since.
        if (!again || !(isFlowError(error, 'execution_active') || isFlowError(error, 'execution_settled'))) throw error;
      });
      return null;
    },
    delete: async ({ executionIds }, { again }) => {
      await requireSettled(core, executionIds, again);
      await prune({ settledBefore: Number.MAX_SAFE_INTEGER, executionIds, limit: executionIds.length });
      return new Set(executionIds).size;
    },
    prune: ({ settledBefore, limit }) => prune({ settledBefore, limit }),
    stats: options => readStats(store, given(options)),
    upsert: ({ flows }) => upsertFlows({ core, engine, clock, toolNames }, flows),
    send: ({ address, event }, call) => log.once('send', call, request => actors.sendToActor(address, event, request)),
    stop: ({ address }, call) => log.once('stop', call, request => actors.stopActor(address, request)),
  });
  const debug = serveDebugger(openDebugger, logSteering);
  const source: ExecutionSource = {
    store, maxInterruptions, toSummary, loadPlan: record => core.plans.load(store, record.digest), follow: options => feed.follow(options),
    getHeld: target => getDebugger()?.held().find(held => held.target === target),
    watchHeld: (target, changed) => openDebugger().watch(change => change.target === target && changed('gone' in change ? null : change)),
  };
  const { execution } = debugTopics;
  const { executions } = liveTopics;
  const facts = new ExecutionFacts(store);
  const values = serveMethods(valueMethods, {
    value: async ({ executionId, generation, ...place }) => {
      const record = await core.requireExecution(executionId, generation);
      return readValue(store, await core.plans.load(store, record.digest), record, place);
    },
  });
  const inspecting = serveInspecting({
    store, clock, maxInterruptions, loadPlan: source.loadPlan, listFlows: () => core.plans.listRegistered(),
    requireExecution: (executionId, generation) => core.requireExecution(executionId, generation),
  });
  return {
    executions: source,
    methods: { ...methods, ...queues.methods, ...values, ...inspecting, ...debug.methods },
    topics: {
      ...debug.topics,
      ...serveTopics({ execution, executions }, {
        execution: (params, following) => followExecution(source, params, following),
        executions: (params, following) => followExecutions({ feed, facts, list: () => list(params) }, params, following),
      }),
      ...serveTopics(topics, {
        feed: (options, following) => followFeed(feed, options.topics, following),
        messages: (params, following) => queues.follow(params, following),
      }),
      ...serveTopics(inspectTopics, { logs: ({ executionId }, { signal }) => followLogs(logs, executionId, signal) }),
    },
  };
}

/** @param again those that are gone were deleted by the first try */
async function requireSettled(core: FlowRuntime, executionIds: readonly string[], again: boolean): Promise<void> {
  for (const executionId of executionIds) {
    const record = await core.requireExecution(executionId).catch((error: unknown) => {
      if (!again || !isFlowError(error, 'execution_not_found')) throw error;
      return undefined;
    });
    if (!record || record.settledAt !== null) continue;
    throw new FlowError('execution_unsettled', `Expected settled executions to delete, ${executionId} is ${record.status}. Cancel it first. Nothing was deleted`, { details: { executionId } });
  }
}

async function* followFeed(feed: Feed, wanted: readonly string[] | undefined, { after, signal }: Following): AsyncGenerator<Told> {
  const pages = feed.follow({ signal, ...(after !== undefined && { after }), ...(wanted && { topics: wanted }) });
  // What comes after a cursor follows at once: where it begins is known.
  if (after !== undefined) yield { type: 'snapshot', cursor: after };
  let isFirst = after === undefined;
  for await (const page of pages) {
    yield toTold(page, isFirst);
    isFirst = false;
  }
}

function toTold({ cursor, reset, entries }: FeedPage, isFirst: boolean): Told {
  if (reset || (isFirst && entries.length === 0)) return { type: 'snapshot', cursor, ...(reset && { reset }) };
  return { type: 'commit', cursor, entries };
}
