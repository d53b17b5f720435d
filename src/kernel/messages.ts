import type { FlowEvent } from '../../machines/flow.ts';
import type { StepEvent } from '../../machines/step.ts';
import type { ConsolidationSummary } from '../../persistence/consolidation-store.ts';
import type { SignalRecord, StepRecord } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import type { MachinePlace } from './actor-call.ts';

/** What evaluating a step's expressions came to. */
export type Prepared =
  | { readonly type: 'start'; readonly input?: Evaluated; readonly list?: Evaluated<readonly unknown[]>; /** Items that need not run again. */ readonly kept?: readonly StepRecord[]; readonly dueAt?: number }
  | { readonly type: 'skip' | 'fail'; readonly failure: StepFailure }
  /** An expression met a limit, and another attempt may not. */
  | { readonly type: 'again'; readonly failure: StepFailure };

/** A value and its JSON text; null when it need not be stored, as it stands in the definition or in the list. */
export interface Evaluated<Value = unknown> {
  readonly value: Value;
  readonly json: string | null;
}

/** What reaches an execution from outside. */
export type Message =
  | { readonly to: 'flow'; readonly event: FlowEvent }
  /** `output`: JSON text of what a completed step produced; stored beside the event, never in it. */
  | { readonly to: 'step'; readonly position: number; readonly item: number; readonly event: StepEvent; readonly output?: string }
  /** `asked`: grows with every evaluation; of those that come in one tick the first asked is the first told. */
  | { readonly to: 'prepared'; readonly position: number; readonly item: number; readonly prepared: Prepared; readonly asked?: number }
  /** The time has come to evaluate once more. */
  | { readonly to: 'again'; readonly position: number; readonly item: number }
  /** `refused`: no machine of the flow has taken it; `unavailable`: one of them could not be asked here. */
  | { readonly to: 'signal'; readonly signal: SignalRecord; readonly refused?: 'now' | 'unavailable' }
  /** A machine that is in another state now may take signals that were kept. */
  | { readonly to: 'offer' }
  /** The machine of a step has come to its end. */
  | { readonly to: 'machine'; readonly place: MachinePlace; readonly event: Extract<StepEvent, { type: 'child.settled' }>; readonly output?: string }
  /** What the execution came to, stored with its move to `scored`. */
  | { readonly to: 'consolidated'; readonly event: Extract<FlowEvent, { type: 'consolidation.completed' | 'consolidation.failed' }>; readonly summary: ConsolidationSummary };

/** Failure code of a step that its own `when` excluded; such a step blocks nobody and weighs nothing. */
export const conditionFalse = 'condition_false';
