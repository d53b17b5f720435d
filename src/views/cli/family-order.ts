import type { ExecutionRecord } from '../../../persistence/records.ts';

/** An execution in a list, below the one that started it. */
export interface Listed {
  readonly record: ExecutionRecord;
  /** How many of those above it are in the list. */
  readonly depth: number;
  /** Its id; of one below another what follows the other's. */
  readonly name: string;
}

/** Puts executions below those that started them, which otherwise stay in their order. One whose parent is not in the list stands for itself. */
export function orderByFamily(records: readonly ExecutionRecord[]): Listed[] {
  const ids = new Set(records.map(({ executionId }) => executionId));
  const children = Map.groupBy(records.filter(({ parentId }) => parentId !== null && ids.has(parentId)), ({ parentId }) => parentId as string);
  const ordered: Listed[] = [];
  // With a stack of its own: flows may start one another in a long row.
  const open: Listed[] = records.filter(({ parentId }) => parentId === null || !ids.has(parentId)).map(record => ({ record, depth: 0, name: record.executionId })).toReversed();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    ordered.push(next);
    const { record: { executionId }, depth } = next;
    const below = (children.get(executionId) ?? []).toReversed().map(record => ({ record, depth: depth + 1, name: record.executionId.startsWith(`${executionId}.`) ? record.executionId.slice(executionId.length) : record.executionId }));
    open.push(...below.toReversed());
  }
  return ordered;
}
