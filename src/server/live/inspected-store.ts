import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { debugTopics, valueMethods } from '../../owner/debug-methods.ts';
import type { Following, ServedMethod, Service, Told } from '../../owner/method.ts';
import { serveMethods, serveTopics } from '../../owner/method.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { readValue } from '../../runtime/read-value.ts';
import { getConnecting } from '../../runtime/runtime-client.ts';
import { serveInspecting } from '../../runtime/serve-inspecting.ts';
import type { StoreReads } from './store-reads.ts';

/** What a runtime has by itself, for whoever replays. */
export const defaultMaxInterruptions = 5;

/** What is asked one execution at a time where another process owns the store; what stands still, and what can be started, the owner tells. */
export function inspectStore(reader: RecordReader, reads: StoreReads, client: RuntimeClient | undefined): Pick<Service, 'methods' | 'topics'> {
  const { held } = debugTopics;
  const loadPlan = (record: ExecutionRecord): Promise<FlowPlan> => reads.loadPlan(record);
  const requireExecution = async (executionId: string, generation: number | undefined): Promise<ExecutionRecord> => {
    const record = await reader.getExecution(executionId, generation);
    if (record) return record;
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${reader.location}, got "${executionId}"`);
  };
  const inspecting = serveInspecting({ store: reader, loadPlan, requireExecution, listFlows: () => [], maxInterruptions: defaultMaxInterruptions });
  const flows = client && { flows: { ...inspecting['flows'], perform: () => getConnecting(client).request('flows', {}) } as ServedMethod };
  return {
    methods: {
      ...inspecting,
      ...flows,
      ...serveMethods(valueMethods, {
        value: async ({ executionId, generation, ...place }) => {
          const record = await requireExecution(executionId, generation);
          return readValue(reader, await loadPlan(record), record, place);
        },
      }),
    },
    topics: client ? serveTopics({ held }, { held: (_, following) => followOwner(getConnecting(client), 'held', following) }) : {},
  };
}

/** Messages of the owner that are on their way, or wait to be told on, at the same time. */
const credit = 16;

async function* followOwner(owner: ReconnectingClient, topic: string, { signal }: Following): AsyncGenerator<Told> {
  const waiting: Told[] = [];
  let failure: FlowError | undefined;
  let wake = (): void => {};
  const push = (told: Told): void => {
    waiting.push(told);
    wake();
  };
  const leave = (): void => wake();
  const subscription = owner.follow({ topic, params: () => ({}), after: () => undefined, credit: () => Math.max(0, credit - waiting.length) }, {
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
