import type { StepStatus } from '../../../../persistence/records.ts';
import type { StepFailure } from '../../../core/failure.ts';
import type { AssertionResult, Evaluation } from '../../../core/score.ts';
import type { FlowMode, FlowType } from '../../../definition/plan.ts';

/** One run of a tool for a step. A tool called twice is two calls, whatever came of the first. */
export interface ConsolidatedToolCall {
  readonly toolCallId: string;
  readonly tool: string;
  /** Place in the `for_each` list; left out for a step without one. */
  readonly item?: number;
  /** The attempt it belongs to, 1-based. */
  readonly attempt: number;
  readonly input: unknown;
  /** Null unless it completed. */
  readonly output: unknown;
  readonly status: 'completed' | 'failed' | 'interrupted' | 'released' | 'cancelled';
  readonly failure: StepFailure | null;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
}

/** What one step did, as a consolidated session tells it. */
export interface ConsolidatedStep {
  /** Place in the definition, 0-based. */
  readonly index: number;
  readonly stepId: string;
  /** `<executionId>_step_<index>`. */
  readonly sessionId: string;
  readonly status: StepStatus;
  /** Whether it completed; nothing else counts as success. */
  readonly success: boolean;
  /** How it counts in the score. */
  readonly result: Evaluation;
  readonly critical: boolean;
  readonly weight: number;
  /** Of a step with `for_each`: the most that one of its items took. */
  readonly attempts: number;
  readonly interruptions: number;
  readonly input: unknown;
  /** Null unless it completed. */
  readonly output: unknown;
  readonly failure: StepFailure | null;
  /**
   * How it was recovered, or was to be; null: not at all. `further_attempts`: by `recover.retry`. `alternative`: `index` is the
   * step that stood in for it. `ask`: a person was asked, and gave it up or did not answer; `retry`, `skip`, `output`: what they said.
   */
  readonly recovery: { readonly how: 'further_attempts' | 'alternative' | 'ask' | 'retry' | 'skip' | 'output'; readonly index?: number } | null;
  /** Index of the step that this one stands in for; left out of all others. */
  readonly alternativeOf?: number;
  readonly toolCalls: readonly ConsolidatedToolCall[];
  /** Epoch ms. */
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  readonly durationMs: number | null;
}

/** Everything an execution did, under one id, with its score. */
export interface ConsolidatedSession {
  /** `<executionId>_consolidated_<generation>`. */
  readonly consolidatedSessionId: string;
  readonly executionId: string;
  /** 1 is the first life of the execution. */
  readonly generation: number;
  /** `failed`, `timeout`: there is no score but 0, and `error` says why. What the steps did is there all the same. */
  readonly status: 'completed' | 'failed' | 'timeout';
  readonly flowId: string;
  readonly flowVersion: string;
  readonly flowType: FlowType;
  readonly mode: FlowMode;
  /** The flow's input. */
  readonly input: unknown;
  /** In numeric order. */
  readonly steps: readonly ConsolidatedStep[];
  readonly assertions: readonly AssertionResult[];
  /** The state as it was read at the end, or why it could not be; left out where nothing reads it. */
  readonly state?: { readonly value: unknown } | { readonly failure: StepFailure };
  /** 0 to 1. */
  readonly score: number;
  readonly passed: boolean;
  readonly minScore: number;
  /** Sum of the weights of what passed, and of what was evaluated. */
  readonly earned: number;
  readonly possible: number;
  /** Critical steps that failed. */
  readonly zeroedBy: readonly string[];
  /** Steps and assertions that count neither way. */
  readonly notEvaluated: readonly string[];
  /** Name of the consolidator that gave the score; null: the built-in one. */
  readonly consolidator: string | null;
  /** What that consolidator added. */
  readonly extra?: unknown;
  /** Completed steps as a share of all that their own condition did not exclude, 0 to 1. */
  readonly successRate: number;
  readonly totalTools: number;
  /** From the start of the execution to the end of its last step, ms. */
  readonly executionDurationMs: number;
  readonly originalSessionIds: readonly string[];
  readonly error: StepFailure | null;
  readonly createdAt: number;
}
