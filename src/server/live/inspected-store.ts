import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { valueMethods } from '../../owner/debug-methods.ts';
import { inspectMethods } from '../../owner/inspect-methods.ts';
import type { Method, Service } from '../../owner/method.ts';
import { serveMethods } from '../../owner/method.ts';
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
): Service['methods'] {
  const requireExecution = async (executionId: string, generation: number | undefined): Promise<ExecutionRecord> => {
    const record = await reader.getExecution(executionId, generation);
    if (record) return record;
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${reader.location}, got "${executionId}"`);
  };
  const owner = client && getConnecting(client);
  const inspecting = serveInspecting({ store: reader, clock, maxInterruptions: defaultMaxInterruptions, requireExecution, loadPlan: record => reads.loadPlan(record), listFlows: () => [] });
  return {
    ...serveMethods(valueMethods, {
      value: async ({ executionId, generation, ...place }) => {
        const record = await requireExecution(executionId, generation);
        return readValue(reader, await reads.loadPlan(record), record, place);
      },
    }),
    ...inspecting,
    // Which flows can be started only the owner knows.
    ...(owner && { flows: { method: inspectMethods.flows as Method, perform: () => owner.request('flows', {}) } }),
  };
}
