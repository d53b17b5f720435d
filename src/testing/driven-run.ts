import type { Store } from '../../persistence/store.ts';
import type { SimulatedClock } from '../core/clock.ts';
import type { Runtime } from '../runtime/api.ts';
import type { FlowModel } from './flow-model.ts';
import type { ProcessClock } from './process-clock.ts';
import type { World } from './scripted-tools.ts';
import type { ProcessStore } from './store-site.ts';

/** One process that runs the flow. */
export interface Process {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly tracked: ProcessStore;
  readonly clock: ProcessClock;
}

/** A run along a path, as those see it who act on it. */
export interface DrivenRun {
  readonly model: FlowModel;
  readonly clock: SimulatedClock;
  readonly world: World;
  readonly process: Process;
  /** The flow's input. */
  readonly input: unknown;
  /** Undefined until it is started. */
  executionId: string | undefined;
  /** What a step that completes gives. */
  outputOf(place: string): unknown;
  /** Goes on in another process. */
  recover(): Promise<void>;
  /** Waits until nothing moves by itself. */
  rest(): Promise<void>;
}
