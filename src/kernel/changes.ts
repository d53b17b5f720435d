import type { JournalEntry } from '../core/journal-text.ts';
import type { ConsolidationSummary } from '../../persistence/consolidation-store.ts';
import type { AttemptRecord, SignalRecord, StepRecord } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import type { MachineCall } from './actor-call.ts';
import type { FanOutActor, StepActor } from './tree.ts';

/** What the host has to do once the commit has succeeded. Values only; checked against the tree when it is done. */
export type Effect =
  /** Evaluate the step's expressions, then answer with `prepared`. */
  | { readonly type: 'prepare'; readonly position: number; readonly item: number }
  /** Begin the handler. */
  | { readonly type: 'run'; readonly position: number; readonly item: number; readonly run: number }
  /** Tell the handler to stop, and why; null: the runtime stops, and the run is given back. */
  | { readonly type: 'abort'; readonly position: number; readonly item: number; readonly run: number; readonly failure: StepFailure | null }
  /** Arm the timer of a back-off or a wait; start or find the flow a step waits for. */
  | { readonly type: 'wait'; readonly position: number; readonly item: number }
  /** The step no longer waits: cancel the flow it started. */
  | { readonly type: 'abandon'; readonly position: number; readonly item: number }
  /** The flow has ended: answer whoever waits for it. */
  | { readonly type: 'settle' }
  /** All steps have settled, and more than the built-in formula is to look at them: answer with `consolidated`. */
  | { readonly type: 'consolidate' };

export type EndedAttempt = Omit<AttemptRecord, 'executionKey'>;

/** Everything that happened to one tree since the last commit. */
export interface Changes {
  readonly entries: JournalEntry[];
  /** Actors whose rows have to be written. */
  readonly actors: Set<StepActor | FanOutActor>;
  readonly attempts: EndedAttempt[];
  readonly inputs: { readonly position: number; readonly item: number; readonly input: string }[];
  /** Items of earlier generations that need not run again; their rows are of this one. */
  readonly kept: StepRecord[];
  readonly received: SignalRecord[];
  /** Numbers of the signals that found their step. */
  readonly consumed: number[];
  /** What the execution came to; null until it is scored. */
  consolidated: ConsolidationSummary | null;
  readonly effects: Effect[];
  /** For the machines that steps are; taken in by them in the same tick. */
  readonly machineCalls: MachineCall[];
  /** What a new execution is marked with. */
  labels?: Readonly<Record<string, string>>;
}

export function createChanges(): Changes {
  return { entries: [], actors: new Set(), attempts: [], inputs: [], kept: [], received: [], consumed: [], consolidated: null, effects: [], machineCalls: [] };
}
