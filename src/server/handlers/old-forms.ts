import type { z } from 'zod';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { agentLabel } from '../../catalog/read-stats.ts';
import type { ConsolidatedSession, ConsolidatedToolCall } from '../../kinds/flows/consolidation/session.ts';
import type { ExecutionDetails } from '../../kinds/flows/execution-api.ts';
import type { oldStatus } from '../table/predecessor-routes.ts';

/** The predecessor's words, from what happened and nothing else. */
export type OldStatus = z.output<typeof oldStatus>;

const failedStatuses: Readonly<Record<string, OldStatus>> = { cancelled: 'Stopped', flow_timeout: 'Timeout' };

/** `Completed` is said of what has passed, and of nothing else. */
export function toOldStatus({ status, passed, failure }: Pick<ExecutionRecord, 'status' | 'passed' | 'failure'>): OldStatus {
  if (status === 'pending') return 'Queued';
  if (status === 'stepping' || status === 'consolidating') return 'Running';
  if (status === 'scored') return passed ? 'Completed' : 'Failed';
  return failedStatuses[failure?.code ?? ''] ?? 'Failed';
}

export const toIso = (at: number): string => new Date(at).toISOString();

export async function readAgent(reader: RecordReader, executionId: string): Promise<string | null> {
  const labels = (await reader.catalog?.listLabels(executionId)) ?? [];
  return labels.find(({ name }) => name === agentLabel)?.value ?? null;
}

/** Why it has not passed, in words; null: it has, or has not ended. */
export function toErrorMessage({ status, passed, failure, steps }: Pick<ExecutionDetails, 'status' | 'passed' | 'failure' | 'steps'>): string | null {
  if (failure) return failure.message;
  if (status !== 'scored' || passed) return null;
  const failed = steps.find(step => step.status === 'failed');
  return failed ? `Step ${failed.stepId} failed: ${failed.reason?.message ?? 'no reason is stored'}` : 'The score is below that which the flow asks for';
}

export function toOldResult({ settledAt, passed, score, steps }: Pick<ExecutionDetails, 'settledAt' | 'passed' | 'score' | 'steps'>): { success: boolean; score: number; outputs: Record<string, unknown> } | null {
  if (settledAt === null) return null;
  return { success: passed === true, score: score ?? 0, outputs: Object.fromEntries(steps.filter(({ output }) => output !== undefined).map(({ stepId, output }) => [stepId, output])) };
}

export function toOldToolCall({ tool, startedAt, durationMs, status, failure, input, output }: ConsolidatedToolCall): {
  tool_name: string; timestamp: string; duration_ms: number; success: boolean; error: string | null; params: unknown; result_data: unknown;
} {
  return { tool_name: tool, timestamp: toIso(startedAt), duration_ms: durationMs, success: status === 'completed', error: failure?.message ?? null, params: input ?? null, result_data: output ?? null };
}

interface OldMetadata {
  readonly avg_score: number;
  readonly total_tools: number;
  readonly success_rate: number;
  readonly execution_duration_ms: number;
  readonly session_count: number;
}

type Figures = Pick<ConsolidatedSession, 'score' | 'totalTools' | 'successRate' | 'executionDurationMs' | 'originalSessionIds'>;

export const toOldMetadata = ({ score, totalTools, successRate, executionDurationMs, originalSessionIds }: Figures): OldMetadata =>
  ({ avg_score: score, total_tools: totalTools, success_rate: successRate * 100, execution_duration_ms: executionDurationMs, session_count: originalSessionIds.length });

/** The content of a session as the predecessor wrote it: its steps in their order, each with what it answered. */
export function toOldContent(session: ConsolidatedSession): string {
  const { consolidatedSessionId, executionId, originalSessionIds, createdAt, steps, totalTools, score, successRate } = session;
  return JSON.stringify({
    consolidated_session_id: consolidatedSessionId,
    execution_id: executionId,
    total_sessions: originalSessionIds.length,
    consolidated_at: toIso(createdAt),
    steps: steps.map(step => ({
      step_index: step.index, session_id: step.sessionId, step_id: step.stepId, status: step.status, success: step.success, tool_count: step.toolCalls.length,
      timestamp: toIso(step.settledAt ?? step.startedAt ?? createdAt),
      content: { success: step.success, output: step.output, error_message: step.failure?.message ?? null, execution_time_ms: step.durationMs, tool_calls: step.toolCalls.map(({ tool }) => tool) },
    })),
    metadata: {
      successful_steps: steps.filter(({ success }) => success).length, failed_steps: steps.filter(({ status }) => status === 'failed').length, total_steps: steps.length,
      success_rate: successRate * 100, avg_score: score, total_tools: totalTools,
    },
  });
}
