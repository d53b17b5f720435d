import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openRecords } from '../../persistence/records/open-records.ts';

export interface OpenedQueues {
  readonly runtime: Runtime;
  readonly clock: SimulatedClock;
  readonly store: Records;
  /** What another process would find if this one ended now. */
  readonly crash: () => MemoryRecords;
}

/** A runtime with queues over a memory store, with a clock that stands still. */
export async function openQueues(options: Partial<RuntimeOptions> & { readonly clock?: SimulatedClock } = {}): Promise<OpenedQueues> {
  const clock = options.clock ?? new SimulatedClock();
  const store = options.store ? openRecords(options.store) : createMemoryStore();
  const runtime = await createRuntime({ random: createSeededRandom(1), ...options, store, clock });
  return { runtime, clock, store, crash: () => (store as MemoryRecords).copy() };
}
