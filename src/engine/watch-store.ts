import { repeat } from '../core/clock.ts';
import { toError } from '../core/errors.ts';
import type { Engine } from './engine.ts';

/** Time between two looks, ms: what has gone away is noticed within a second, also by a runtime that has nothing to store. */
const lookMs = 500;

/** Faults a runtime whose store has gone away. Returns what ends the watch. */
export function watchStore(engine: Engine): () => void {
  const { store } = engine;
  if (!store.verify) return () => {};
  const look = async (): Promise<void> => {
    try {
      await store.verify?.();
    } catch (error) {
      if (engine.status === 'running') engine.fault(toError(error));
    }
  };
  return repeat(() => {
    if (engine.status === 'running') void look();
  }, lookMs);
}
