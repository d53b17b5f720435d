import type { ConsolidatedRecord } from '../consolidation-store.ts';
import { consolidatedRecord } from '../consolidation-store.ts';
import type { UndoLog } from './undo-log.ts';

/** @throws when the row breaks the lifecycle, or is there already */
export function putConsolidated(rows: Map<number, ConsolidatedRecord>, log: UndoLog, row: ConsolidatedRecord): void {
  const result = consolidatedRecord.safeParse(row);
  if (!result.success) throw new TypeError(`The consolidated session breaks the lifecycle at \`${result.error.issues[0]?.path.join('.') ?? ''}\``);
  if (rows.has(row.executionKey)) throw new TypeError(`The consolidated session of ${row.executionKey} is stored already, and is written once`);
  log.set(rows, row.executionKey, Object.freeze(result.data));
}

export function copyConsolidated(row: ConsolidatedRecord | undefined): ConsolidatedRecord | undefined {
  return row && ({ ...row, error: row.error === null ? null : structuredClone(row.error) } as ConsolidatedRecord);
}
