import type { ConsolidatedRecord } from '../consolidation-store.ts';
import { consolidatedRecord } from '../consolidation-store.ts';
import type { UndoLog } from './undo-log.ts';

/** By execution, then by generation. */
export type ConsolidatedRows = Map<string, Map<number, ConsolidatedRecord>>;

export const listConsolidated = (rows: ConsolidatedRows): ConsolidatedRecord[] => [...rows.values()].flatMap(of => [...of.values()]);

/** @throws when the row breaks the lifecycle, or is there already */
export function putConsolidated(rows: ConsolidatedRows, log: UndoLog, row: ConsolidatedRecord): void {
  const result = consolidatedRecord.safeParse(row);
  if (!result.success) throw new TypeError(`The consolidated session breaks the lifecycle at \`${result.error.issues[0]?.path.join('.') ?? ''}\``);
  const { executionId, generation, consolidatedSessionId } = row;
  let of = rows.get(executionId);
  if (of?.has(generation) || findConsolidated(rows, consolidatedSessionId)) throw new TypeError(`The consolidated session ${consolidatedSessionId} is stored already, and is written once`);
  if (!of) log.set(rows, executionId, (of = new Map<number, ConsolidatedRecord>()));
  log.set(of, generation, Object.freeze(result.data));
}

/** The latest generation unless one is asked for. */
export function getConsolidated(rows: ConsolidatedRows, executionId: string, generation?: number): ConsolidatedRecord | undefined {
  const of = rows.get(executionId);
  return copy(of?.get(generation ?? Math.max(...of.keys())));
}

export function findConsolidated(rows: ConsolidatedRows, consolidatedSessionId: string): ConsolidatedRecord | undefined {
  // The id begins with the execution's.
  const at = consolidatedSessionId.lastIndexOf('_consolidated_');
  const of = at < 0 ? listConsolidated(rows) : (rows.get(consolidatedSessionId.slice(0, at))?.values() ?? []);
  for (const row of of) if (row.consolidatedSessionId === consolidatedSessionId) return copy(row);
  return undefined;
}

function copy(row: ConsolidatedRecord | undefined): ConsolidatedRecord | undefined {
  return row && ({ ...row, error: row.error === null ? null : structuredClone(row.error) } as ConsolidatedRecord);
}
