/** Work whose cost nobody can foresee; values are JSON text. */
export type EvaluationTask =
  | { readonly kind: 'expression'; readonly source: string; readonly scope: string; readonly now: number; readonly seed: string; readonly maxBytes: number }
  | { readonly kind: 'schema'; readonly schema: string; readonly value: string };

/** A mistake in what was evaluated, as a `FlowError` is made of it. */
export interface EvaluationError {
  readonly code: string;
  readonly message: string;
  readonly details?: { readonly [key: string]: unknown };
}

/** What became of a task: JSON text, a mistake in it, or the limit that it met. */
export type Outcome = { readonly value: string } | { readonly error: EvaluationError } | { readonly overrun: 'time' | 'memory' };

/** Does work whose cost nobody can foresee where it can neither hold up nor end this process. */
export interface EvaluatorApart {
  /** Whether there is one; if not, the work is done here. */
  isThere(): boolean;
  /** @param cpuLimitMs most CPU it may take, ms */
  evaluate(task: EvaluationTask, cpuLimitMs: number): Promise<Outcome>;
}

/** What the process that evaluates is sent. */
export interface EvaluationRequest {
  readonly id: number;
  readonly task: EvaluationTask;
  readonly cpuLimitMs: number;
}

/** What it answers. */
export type EvaluationReply = { readonly ready: true } | { readonly id: number; readonly outcome: Outcome };

/** What its thread says of the task that it was given: that everything is read and the work begins, then what came of it. */
export type ThreadMessage = { readonly begun: true } | { readonly outcome: Outcome };

/** Most CPU that an evaluation takes unless somebody says otherwise, ms. */
export const defaultTimeLimitMs = 1_000;
/** Most memory that an evaluation may take, MiB. */
export const maxEvaluationMemoryMb = 512;
