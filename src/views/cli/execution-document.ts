import type { StepFailure } from '../../core/failure.ts';
import type { ExecutionDetails, ExecutionSummary } from '../../kinds/flows/execution-api.ts';

/** A step as `--json` prints it. */
interface StepDocument {
  readonly stepId: string;
  readonly status: string;
  readonly attempts: number;
  readonly interruptions: number;
  readonly reason?: StepFailure;
  readonly recovery?: string;
  /** The signal that answers it. */
  readonly asksFor?: string;
  /** Epoch ms. */
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  readonly output?: unknown;
  /** The generation it ran in, when this one has kept it. */
  readonly keptFrom?: number;
  readonly stale?: true;
}

/** An execution as `--json` prints it. */
export interface ExecutionDocument {
  readonly executionId: string;
  readonly generation: number;
  readonly flowId: string;
  readonly flowVersion: string;
  readonly status: string;
  readonly passed: boolean | null;
  readonly score: number | null;
  /** From start to settled; null while it is not settled. */
  readonly durationMs: number | null;
  readonly interruptions: number;
  readonly consolidatedSessionId: string | null;
  readonly consolidationError?: StepFailure;
  readonly failure?: StepFailure;
  readonly blockedBy?: StepFailure;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  /** Where it is stored. */
  readonly database: string;
  readonly steps: readonly StepDocument[];
}

/** How long an execution took from its start, ms; null while it is not settled. */
export function computeDurationMs({ createdAt, settledAt }: Pick<ExecutionSummary, 'createdAt' | 'settledAt'>): number | null {
  return settledAt === null ? null : settledAt - createdAt;
}

/** Turns an execution into what `--json` prints; items of `for_each` steps are left to their step. */
export function toExecutionDocument(execution: ExecutionDetails, database: string): ExecutionDocument {
  const { executionId, generation, flowId, flowVersion, status, passed, score, failure, blockedBy, createdAt, startedAt, settledAt, consolidatedSessionId, consolidationError } = execution;
  const steps = execution.steps.filter(({ item }) => item === undefined);
  return {
    executionId, generation, flowId, flowVersion, status, passed, score,
    durationMs: computeDurationMs(execution),
    interruptions: execution.steps.reduce((sum, step) => sum + step.interruptions, 0),
    consolidatedSessionId,
    ...(consolidationError && { consolidationError }),
    ...(failure && { failure }),
    ...(blockedBy && { blockedBy }),
    createdAt, startedAt, settledAt,
    database,
    steps: steps.map(step => ({
      stepId: step.stepId,
      status: step.status,
      attempts: step.attempts,
      interruptions: step.interruptions,
      ...(step.reason && { reason: step.reason }),
      ...(step.recovery && { recovery: step.recovery }),
      ...(step.asksFor !== undefined && { asksFor: step.asksFor }),
      startedAt: step.startedAt,
      settledAt: step.settledAt,
      ...(step.output !== undefined && { output: step.output }),
      ...(step.keptFrom !== undefined && { keptFrom: step.keptFrom }),
      ...(step.stale && { stale: step.stale }),
    })),
  };
}
