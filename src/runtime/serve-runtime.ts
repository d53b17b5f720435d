import { readStats } from '../catalog/read-stats.ts';
import type { Clock } from '../core/clock.ts';
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
import { flowMethods } from '../owner/methods.ts';
import { topics } from '../owner/queue-methods.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';

export interface ServedRuntime {
  readonly core: FlowRuntime;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly actors: ActorReach;
  readonly queues: QueueService;
  readonly readDetails: (executionId: string, options: { readonly generation?: number | undefined; readonly items?: boolean | undefined }) => Promise<ExecutionDetails>;
  readonly toSummary: (record: ExecutionRecord) => ExecutionSummary;
}

/** Leaves out what is undefined: a caller within the process would not have named it either. */
function given<Options extends object>(options: Options): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as { [Name in keyof Options]: Exclude<Options[Name], undefined> };
}

/** What clients can ask a runtime for, whatever carries what they say. */
export function serveRuntime({ core, engine, clock, actors, queues, readDetails, toSummary }: ServedRuntime): Service {
  const { store, feed } = engine;
  const prune = async (params: Parameters<typeof store.prune>[0]): Promise<number> => {
    engine.requireRunning();
    const deleted = await store.prune({ ...params, at: clock.now() });
    feed.wake();
    return deleted;
  };
  const methods = serveMethods(flowMethods, {
    start: ({ flowId, ...options }) => core.start(flowId, given(options)),
    get: ({ executionId, ...options }) => readDetails(executionId, options),
    list: async ({ after, ...options }) => {
      const { records, next } = await listExecutions(store, given(options) as ListOptions, after);
      return { executions: records.map(toSummary), next };
    },
    signal: async ({ executionId, name, payload = null, force }) => {
      await core.signal(executionId, name, payload, force);
      return null;
    },
    cancel: ({ executionId, message }) => core.cancel(executionId, message),
    retry: ({ executionId, ...options }) => core.retry(executionId, given(options)),
    resume: async ({ executionId, ...options }, { again }) => {
      await core.resume(executionId, given(options)).catch((error: unknown) => {
        // The first try has done it, or the owner since does.
        if (!again || !isFlowError(error, 'execution_active')) throw error;
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
    send: ({ address, event }) => actors.sendToActor(address, event),
    stop: ({ address }) => actors.stopActor(address),
  });
  return {
    methods: { ...methods, ...queues.methods },
    topics: serveTopics(topics, {
      feed: (options, following) => followFeed(feed, options.topics, following),
      messages: (params, following) => queues.follow(params, following),
    }),
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
