import type { StoreReader, Write, WriteShape } from '../contract.ts';
import type { Turn } from '../queue-records.ts';
import { turns } from '../queue-records.ts';
import { messages } from '../records/tables.ts';
import type { Row } from '../table.ts';

const giveTurn: WriteShape = { table: messages, kind: 'update', columns: ['turn', 'lane'] };

/**
 * Turns of messages that 0.3.0 and before wrote, as migration 0019 gives them. What has a turn keeps it.
 *
 * They are not stored: until such a message changes, every owner finds the same.
 */
export function listTurns(tables: StoreReader): Write[] {
  const [rows = []] = tables.read([{ table: messages }]) as Row[][];
  const open = rows.filter(row => row['settledAt'] === null);
  const found = new Map(open.filter(row => row['turn'] === null).map(row => [row, toTurn(row)]));
  if (found.size === 0) return [];
  const isHead = (row: Row): boolean => ((found.get(row) ?? row['turn']) as Turn) < turns.behind;
  const lanes = Map.groupBy(open.filter(row => row['partitionKey'] !== null), row => JSON.stringify([row['queue'], row['instance'], row['partitionKey'], row['priority']]));
  for (const lane of lanes.values()) {
    if (lane.some(isHead)) continue;
    const [first] = lane.filter(row => found.get(row) === turns.behind).toSorted((a, b) => (a['visibleAt'] as number) - (b['visibleAt'] as number) || (a['key'] as number) - (b['key'] as number));
    if (first) found.set(first, turns.free);
  }
  return [...found].map(([row, turn]) => ({ shape: giveTurn, values: [turn, row['partitionKey'] ?? null, row['key'] as number] }));
}

function toTurn(row: Row): Turn {
  const [dueAt, claimedAt] = [row['dueAt'], row['claimedAt'] as number | null];
  const keepsPlace = claimedAt !== null && claimedAt >= (row['visibleAt'] as number);
  if (row['status'] === 'processing') return turns.claimed;
  if (row['status'] === 'retrying' || (dueAt !== null && keepsPlace)) return turns.away;
  if (row['partitionKey'] === null || keepsPlace) return turns.free;
  return dueAt === null ? turns.behind : turns.delayed;
}
