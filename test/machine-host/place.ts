import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';

/** Opens a runtime again and again on one store, as a process that is stopped and started. */
export function createPlace(options: Partial<RuntimeOptions> = {}) {
  const clock = new SimulatedClock();
  let store: Records = createMemoryStore();
  let runtime: Runtime | undefined;
  return {
    clock,
    get store() {
      return store;
    },
    async open(more: Partial<RuntimeOptions> = {}): Promise<Runtime> {
      runtime = await createRuntime({ ...options, ...more, store, clock });
      await settleTicks();
      return runtime;
    },
    /** Stops at once, whatever runs. */
    async close(): Promise<void> {
      await runtime?.stop({ timeoutMs: 0 });
      store = (store as unknown as { reopen(): Records }).reopen();
    },
  };
}

