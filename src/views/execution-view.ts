import type { ExecutionStatus, StepStatus } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import type { FlowMode } from '../definition/plan.ts';

/** One call of a step's handler. */
export interface CallView {
  readonly tool: string;
  /** Place in the `for_each` list; null: the step has none. */
  readonly item: number | null;
  readonly status: string;
  readonly failure: StepFailure | null;
  readonly startedAt: number;
  /** Null while it is under way. */
  readonly endedAt: number | null;
}

/** A step as it is drawn: what the definition says of it and what became of it. */
export interface StepView {
  /** Place in the definition, 0-based. */
  readonly index: number;
  readonly stepId: string;
  readonly sessionId: string;
  readonly description: string | null;
  readonly uses: string;
  readonly dependsOn: readonly string[];
  readonly critical: boolean;
  /** It runs however what it depends on has ended. */
  readonly always: boolean;
  readonly weight: number;
  readonly maxAttempts: number;
  /** How it is being recovered, or was, in words; of an alternative: whom it stands in for. */
  readonly recovery: string | null;
  readonly status: StepStatus;
  readonly attempts: number;
  readonly interruptions: number;
  /** Whether an earlier generation did it, and this one kept it. */
  readonly kept: boolean;
  /** Items of a `for_each` step; null: it has none, or its list is not known yet. */
  readonly items: { readonly total: number; readonly settled: number; readonly failed: number } | null;
  /** Undefined: not known, or nothing was given. */
  readonly input?: unknown;
  readonly output?: unknown;
  readonly failure: StepFailure | null;
  readonly dueAt: number | null;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  readonly calls: readonly CallView[];
}

/** An assertion as it was evaluated. */
export interface AssertionView {
  readonly id: string;
  readonly type: string;
  readonly weight: number;
  readonly result: 'passed' | 'failed' | 'not_evaluated';
  readonly reason: string | null;
}

/** How the results were gathered. */
export interface ConsolidationView {
  readonly consolidatedSessionId: string;
  readonly status: 'completed' | 'failed' | 'timeout';
  readonly error: StepFailure | null;
  readonly score: number;
  /** 0 to 1. */
  readonly successRate: number;
  readonly totalTools: number;
  readonly createdAt: number;
  readonly assertions: readonly AssertionView[];
}

/** An execution as diagrams, trees and reports draw it. */
export interface ExecutionView {
  readonly executionId: string;
  /** 1 is its first life. */
  readonly generation: number;
  readonly flowId: string;
  readonly flowVersion: string;
  readonly description: string | null;
  readonly mode: FlowMode;
  readonly status: ExecutionStatus;
  readonly passed: boolean | null;
  readonly score: number | null;
  readonly failure: StepFailure | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  readonly input: unknown;
  /** In the definition's order. */
  readonly steps: readonly StepView[];
  /** Null while it is not consolidated. */
  readonly consolidation: ConsolidationView | null;
}
