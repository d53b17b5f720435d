import type { Records } from '../../persistence/store.ts';
import type { SimulatedClock } from '../core/clock.ts';
import type { Runtime } from '../runtime/api.ts';
import type { FlowModel } from './flow-model.ts';
import type { ProcessClock } from './process-clock.ts';
import type { World } from './scripted-tools.ts';
import type { ProcessStore } from './store-site.ts';

/** One process that runs the flow. */
export interface Process {
  readonly runtime: Runtime;
  readonly store: Records;
  readonly tracked: ProcessStore;
  readonly clock: ProcessClock;
}

/** What a path is made to happen to. */
export interface PathHost {
  readonly model: FlowModel;
  readonly clock: SimulatedClock;
  readonly world: World;
  readonly process: Process;
  /** The input that makes the flow's expressions do what the path says. */
  readonly input: unknown;
  executionId: string | undefined;
  outputOf(place: string): unknown;
  /** Waits until nothing happens any more. */
  rest(): Promise<void>;
  /** Another process takes over what the one before has left. */
  recover(): Promise<void>;
}
