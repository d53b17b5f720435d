import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { ExecutionRecord } from '../records.ts';
import { isImported } from '../records.ts';

/** A session as 0.3.0 and before wrote it: named by its execution, its content repeating what is stored elsewhere. */
type OlderRecord = Omit<ConsolidatedRecord, 'executionKey' | 'content'> & { readonly executionId: string; readonly generation: number; readonly content: string };

/** Sessions in their present form, of whatever version wrote them; `executions` are those they belong to. */
export function upgradeConsolidated(rows: readonly (ConsolidatedRecord | OlderRecord)[], executions: readonly ExecutionRecord[]): ConsolidatedRecord[] {
  return rows.flatMap(row => {
    if ('executionKey' in row) return [row];
    const execution = executions.find(({ executionId, generation }) => executionId === row.executionId && generation === row.generation);
    return execution ? [upgrade(row, execution)] : [];
  });
}

function upgrade({ status, successRate, totalTools, executionDurationMs, createdAt, error, content }: OlderRecord, execution: ExecutionRecord): ConsolidatedRecord {
  const { assertions = [], state, extra, steps } = JSON.parse(content) as { readonly assertions?: readonly unknown[]; readonly state?: unknown; readonly extra?: unknown; readonly steps?: unknown };
  const kept = { ...(assertions.length > 0 && { assertions }), ...(state !== undefined && { state }), ...(extra !== undefined && { extra }), ...(isImported(execution) && { steps }) };
  return { executionKey: execution.key, status, successRate, totalTools, executionDurationMs, createdAt, error, content: Object.keys(kept).length > 0 ? JSON.stringify(kept) : null } as ConsolidatedRecord;
}
