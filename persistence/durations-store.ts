import type { Answer } from './answer.ts';

export interface ListDurationsParams {
  readonly flowId: string;
  /** Only executions with a lower key: those begun before it. */
  readonly before: number;
  /** At most so many of them, the newest. */
  readonly executions: number;
  /** Steps with a lower position only. */
  readonly steps: number;
}

/** How long the last run of a completed step took. */
export interface StepDuration {
  readonly stepId: string;
  readonly durationMs: number;
}

/** What steps took in earlier executions. */
export interface DurationsReader {
  /** In no order; items of `for_each` steps are left to their step. Reads at most `executions` × `steps` rows. */
  listDurations(params: ListDurationsParams): Answer<StepDuration[]>;
}
