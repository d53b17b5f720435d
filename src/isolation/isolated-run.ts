import type { StepFailure } from '../core/failure.ts';
import type { JournalIntake } from './journal-intake.ts';
import type { RunnerProcess } from './runner-process.ts';

/** An execution that a process of its own runs, as its owner follows it. */
export interface IsolatedRun {
  readonly executionId: string;
  readonly key: number;
  readonly priority: number;
  readonly folder: string;
  /** Longest the process may take, ms. */
  readonly timeoutMs: number;
  readonly intake: JournalIntake;
  /** Whether this runtime goes on with it; of one that it does not it only takes in what it does. */
  own: boolean;
  /** The owner's key by the process's key. */
  readonly keys: Map<number, number>;
  /** Commits of the process that are in the store. */
  taken: number;
  /** `queued`: waits for room; `running`: a process has it; `ending`: the owner ends it itself; `left`: stays as it is. */
  phase: 'queued' | 'running' | 'ending' | 'left';
  process: RunnerProcess | undefined;
  /** When the process is to be stopped, in process time. */
  deadline: number;
  /** When it is to be killed, in process time; infinity: it was not asked to stop. */
  killAt: number;
  /** Why the owner stops it; undefined: it does not. */
  reason: StepFailure | undefined;
  /** Its journal is being read. */
  reading: boolean;
  /** Its process has been seen to its end. */
  closed: boolean;
}
