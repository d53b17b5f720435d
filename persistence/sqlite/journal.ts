import type { FeedOwner, FeedRow, FeedState, JournalKind, JournalRow } from '../feed-store.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';

/** Numbers of the kinds, as migration 0017 has them. */
const kinds = { flow: 1, actor: 2, queue: 3, made: 4, deleted: 5 } as const satisfies Record<JournalKind, number>;
const names = new Map<number, JournalKind>(Object.entries(kinds).map(([name, number]) => [number, name as JournalKind]));

export const flowRows = `kind = ${kinds.flow} AND instance = ?`;
export const actorRows = `kind = ${kinds.actor} AND instance = ?`;

/** Gives the rows of the journal their numbers: the owner's, rising, never given twice. */
export class JournalNumbers {
  readonly #connection: SqliteConnection;
  readonly #insert: SqliteStatement;
  #head = 0;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#insert = connection.prepare('INSERT INTO journal (number, kind, instance, seq, at, entries) VALUES (?, ?, ?, ?, ?, ?)');
  }

  /** Begins a new owner's numbers above all that were ever given; inside the open transaction. */
  begin(ownerId: string): void {
    this.#head = readFeedState(this.#connection).head;
    this.#connection.prepare('INSERT INTO owners (first, id) VALUES (?, ?) ON CONFLICT (first) DO UPDATE SET id = excluded.id').run(this.#head + 1, ownerId);
  }

  /** Writes inside the open transaction. One that is undone leaves its numbers unused. */
  write({ kind, instance, seq, at, entries }: JournalRow): void {
    this.#insert.run((this.#head += 1), kinds[kind], instance, seq, at, entries);
  }

  /** Remembers how far numbers were given, in the transaction that deletes rows: the highest may be among them. */
  keepHead(): void {
    this.#connection.prepare('UPDATE meta SET head = max(head, ?) WHERE id = 1').run(this.#head);
  }
}

export function readFeedState(connection: SqliteConnection): FeedState {
  const sql = 'SELECT max(head, (SELECT coalesce(max(number), 0) FROM journal)) AS head, pruned_to AS prunedTo FROM meta WHERE id = 1';
  const { head, prunedTo } = connection.prepare(sql).get() as { readonly head: number; readonly prunedTo: number };
  const owners = connection.prepare('SELECT first, id FROM owners ORDER BY first').all() as FeedOwner[];
  return { head, prunedTo, owners: owners.map(owner => ({ ...owner })) };
}

export function readFeed(connection: SqliteConnection, after: number, limit: number): FeedRow[] {
  const sql = `SELECT j.number, j.kind, coalesce(e.execution_id, j.instance) AS instance, e.generation, j.seq, j.at, j.entries
    FROM journal AS j LEFT JOIN executions AS e ON e.key = j.instance AND j.kind IN (${kinds.flow}, ${kinds.made})
    WHERE j.number > ? ORDER BY j.number LIMIT ?`;
  const rows = connection.prepare(sql).all(after, limit) as (Omit<FeedRow, 'kind' | 'instance'> & { readonly kind: number; readonly instance: string | number })[];
  return rows.map(row => ({ ...row, kind: names.get(row.kind) ?? 'deleted', instance: String(row.instance) }));
}

/** Deletes an execution's rows, inside the open transaction; what deletes it says so in an entry of its own. */
export function deleteExecutionRows(connection: SqliteConnection, executionKey: number): void {
  for (const kind of [kinds.flow, kinds.made]) connection.prepare('DELETE FROM journal WHERE kind = ? AND instance = ?').run(kind, executionKey);
}

/**
 * Deletes the oldest rows that go by their age: those of actors and queues, what steps made, what was deleted. Stops at the
 * first that is younger. A reader that is behind them is told to begin anew.
 *
 * @returns how many
 */
export function pruneAgedRows(connection: SqliteConnection, before: number, limit: number): number {
  const first = connection.prepare('SELECT number, at FROM journal INDEXED BY journal_aged WHERE kind > 1 AND number > 0 ORDER BY number LIMIT ?').all(limit) as { readonly number: number; readonly at: number }[];
  const young = first.findIndex(({ at }) => at >= before);
  const last = first.at(young === -1 ? -1 : young - 1);
  if (young === 0 || !last) return 0;
  connection.prepare('UPDATE meta SET pruned_to = max(pruned_to, ?) WHERE id = 1').run(last.number);
  return Number(connection.prepare('DELETE FROM journal WHERE kind > 1 AND number <= ?').run(last.number).changes);
}
