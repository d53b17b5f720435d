import type { Records } from '../../persistence/store.ts';
import { repeat } from '../core/clock.ts';
import { toError } from '../core/errors.ts';
import type { FlowRuntime } from '../kinds/flows/flow-runtime.ts';

/** Time between two looks, ms: what has gone away is noticed within a second, also by a runtime that has nothing to store. */
const lookMs = 500;

/** Faults a runtime whose store has gone away. Returns what ends the watch. */
export function watchStore(core: Pick<FlowRuntime, 'health' | 'fault'>, store: Records): () => void {
  if (!store.verify) return () => {};
  const look = async (): Promise<void> => {
    try {
      await store.verify?.();
    } catch (error) {
      if (core.health().status === 'running') core.fault(toError(error));
    }
  };
  return repeat(() => {
    if (core.health().status === 'running') void look();
  }, lookMs);
}
