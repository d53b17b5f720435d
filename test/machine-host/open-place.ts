import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';

/** Where one runtime after the other runs on what the last one stored. */
export interface Place {
  readonly clock: SimulatedClock;
  readonly store: Records;
  /** As a process that starts. */
  open(more?: Partial<RuntimeOptions>): Promise<Runtime>;
  /** As one that is told to stop and waits for nothing. */
  close(): Promise<void>;
}

/** A place with a store in memory and a clock that stands still. */
export function openPlace(options: Partial<RuntimeOptions> = {}): Place {
  const clock = new SimulatedClock();
  let store: Records = createMemoryStore();
  let runtime: Runtime | undefined;
  return {
    clock,
    get store() {
      return store;
    },
    async open(more = {}) {
      runtime = await createRuntime({ ...options, ...more, store, clock });
      await settleTicks();
      return runtime;
    },
    async close() {
      await runtime?.stop({ timeoutMs: 0 });
      store = (store as unknown as { reopen(): Records }).reopen();
    },
  };
}
