import { requireKnownKeys } from '../core/known-keys.ts';
import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import { computeStats, type GroupStats, type Run } from './compute-stats.ts';

/** The label that names who carried an execution out. */
export const agentLabel = 'agent';
/** The group of executions without the label. */
const unlabelled = '(none)';

export interface StatsOptions {
  /** `flow`, or the name of a label such as `agent`. Default `agent`. */
  readonly by?: string;
  /** Only executions of this flow. */
  readonly flowId?: string;
  /** Only the latest so many executions. Default 1,000. */
  readonly limit?: number;
}

/**
 * Sums up the latest executions by who carried them out, or by flow: runs, scores, durations, day by day.
 *
 * By flow, executions that other flows started count as any other; by a label, they belong to whoever started them and are left
 * out.
 */
export async function readStats(given: AnyReader, options: StatsOptions = {}): Promise<GroupStats[]> {
  const { by = agentLabel, flowId, limit = 1_000 } = requireKnownKeys(options, { by: true, flowId: true, limit: true }, '`readStats`');
  const reader = openReader(given);
  const runs: Run[] = [];
  for (const record of await reader.listExecutions({ limit, ...(flowId !== undefined && { flowId }) })) {
    if (by !== 'flow' && record.parentId !== null) continue;
    const labels = by === 'flow' ? [] : ((await reader.catalog?.listLabels(record.executionId)) ?? []);
    const group = by === 'flow' ? record.flowId : (labels.find(({ name }) => name === by)?.value ?? unlabelled);
    const { executionId, createdAt, settledAt, passed, score } = record;
    runs.push({ executionId, flowId: record.flowId, group, createdAt, settledAt, passed, score });
  }
  return computeStats(runs);
}
