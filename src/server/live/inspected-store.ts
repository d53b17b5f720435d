import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { debugTopics, valueMethods } from '../../owner/debug-methods.ts';
import { inspectMethods, inspectTopics } from '../../owner/inspect-methods.ts';
import type { Following, Method, Service, Told } from '../../owner/method.ts';
import { serveMethods, serveTopics } from '../../owner/method.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { readValue } from '../../runtime/read-value.ts';
import { getConnecting } from '../../runtime/runtime-client.ts';
import { serveInspecting } from '../../runtime/serve-inspecting.ts';
import type { StoreReads } from './store-reads.ts';

/** What a runtime has by itself, for whoever replays. */
export const defaultMaxInterruptions = 5;

/** What is asked where another process owns the store, or none: read here; what only the owner knows, it tells. */
export function inspectStore(
  reader: RecordReader, reads: StoreReads, { client, clock }: { readonly client: RuntimeClient | undefined; readonly clock: Clock },
): Pick<Service, 'methods' | 'topics'> {
  const { held } = debugTopics;
  const { logs } = inspectTopics;
  const requireExecution = async (executionId: string, generation: number | undefined): Promise<ExecutionRecord> => {
    const record = await reader.getExecution(executionId, generation);
    if (record) return record;
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${reader.location}, got "${executionId}"`);
  };
  const owner = client && getConnecting(client);
  const inspecting = serveInspecting({ store: reader, clock, maxInterruptions: defaultMaxInterruptions, requireExecution, loadPlan: record => reads.loadPlan(record), listFlows: () => [] });
  return {
    methods: {
      ...serveMethods(valueMethods, {
        value: async ({ executionId, generation, ...place }) => {
          const record = await requireExecution(executionId, generation);
          return readValue(reader, await reads.loadPlan(record), record, place);
        },
      }),
      ...inspecting,
      // Which flows can be started only the owner knows.
      ...(owner && { flows: { method: inspectMethods.flows as Method, perform: () => owner.request('flows', {}) } }),
    },
    topics: owner ? serveTopics({ held, logs }, {
      held: (_, following) => followOwner(owner, 'held', {}, following),
      logs: (params, following) => followOwner(owner, 'logs', params, following),
    }) : {},
  };
}

/** Messages of the owner that are on their way, or wait to be told on, at the same time. */
const credit = 16;

async function* followOwner(owner: ReconnectingClient, topic: string, params: Record<string, unknown>, { signal }: Following): AsyncGenerator<Told> {
  const waiting: Told[] = [];
  let failure: FlowError | undefined;
  let wake = (): void => {};
  const push = (told: Told): void => {
    waiting.push(told);
    wake();
  };
  const leave = (): void => wake();
  const subscription = owner.follow({ topic, params: () => params, after: () => undefined, credit: () => Math.max(0, credit - waiting.length) }, {
    snapshot: ({ data }) => push({ type: 'snapshot', cursor: null, data }),
    commit: ({ entries }) => push({ type: 'commit', cursor: null, entries }),
    ended: error => {
      failure = error;
      wake();
    },
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next) {
        yield next;
        subscription.credit(1);
      } else if (failure) throw failure;
      else await new Promise<void>(resolve => (wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', leave);
    subscription.close();
  }
}
