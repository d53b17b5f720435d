import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorReader, ActorRecord, ActorWrites, DueActor, ListActorsParams } from '../actor-store.ts';
import { createSettledError } from '../store-errors.ts';
import type { SqliteReads } from './artifacts.ts';
import type { SqliteConnection } from './connection.ts';
import { actorRows } from './journal.ts';

const selectActors = `SELECT actor_id AS actorId, machine_id AS machineId, machine_version AS machineVersion, machine_digest AS machineDigest, status,
  wake_at AS wakeAt, tree, seq, created_at AS createdAt, settled_at AS settledAt FROM actors`;
const toActor = (row: unknown): ActorRecord => ({ ...(row as ActorRecord) });
const toId = (row: unknown): string => (row as { actorId: string }).actorId;

export class SqliteActors implements ActorReader {
  readonly #reads: SqliteReads;

  constructor(reads: SqliteReads) {
    this.#reads = reads;
  }

  getActor(actorId: string): ActorRecord | undefined {
    return this.#reads.get(`${selectActors} WHERE actor_id = ?`, toActor, actorId);
  }

  listActors({ status, machineId, limit, after = '' }: ListActorsParams): ActorRecord[] {
    const conditions = ['actor_id > ?', ...(status === undefined ? [] : ['status = ?']), ...(machineId === undefined ? [] : ['machine_id = ?'])];
    const values = [after, status, machineId].filter(value => value !== undefined);
    return this.#reads.all(`${selectActors} WHERE ${conditions.join(' AND ')} ORDER BY actor_id LIMIT ?`, toActor, ...values, limit);
  }

  listActorParts(actorId: string, after: string, limit: number): ActorPartRecord[] {
    const sql = 'SELECT actor_id AS actorId, part, body FROM actor_parts WHERE actor_id = ? AND part > ? ORDER BY part LIMIT ?';
    return this.#reads.all(sql, row => ({ ...(row as ActorPartRecord) }), actorId, after, limit);
  }

  getActorMachine(machineDigest: string): ActorMachineRecord | undefined {
    const sql = 'SELECT machine_digest AS machineDigest, machine_id AS machineId, machine_version AS machineVersion, structure FROM actor_machines WHERE machine_digest = ?';
    return this.#reads.get(sql, row => ({ ...(row as ActorMachineRecord) }), machineDigest);
  }

  listDueActors({ wakeAt, actorId }: DueActor, until: number, limit: number): DueActor[] {
    const sql = 'SELECT actor_id AS actorId, wake_at AS wakeAt FROM actors WHERE (wake_at, actor_id) > (?, ?) AND wake_at <= ? ORDER BY wake_at, actor_id LIMIT ?';
    return this.#reads.all(sql, row => ({ ...(row as DueActor) }), wakeAt, actorId, until, limit);
  }

  nextActorWakeAt(after: number): number | undefined {
    return this.#reads.get('SELECT wake_at AS wakeAt FROM actors WHERE wake_at > ? ORDER BY wake_at LIMIT 1', row => (row as { wakeAt: number }).wakeAt, after);
  }

  readActorJournal(actorId: string, after: number, limit: number): ActorJournalRecord[] {
    const sql = `SELECT instance AS actorId, seq, at, entries FROM journal WHERE ${actorRows} AND seq > ? ORDER BY seq LIMIT ?`;
    return this.#reads.all(sql, row => ({ ...(row as ActorJournalRecord) }), actorId, after, limit);
  }

  listSettledActors(before: number, limit: number): string[] {
    return this.#reads.all('SELECT actor_id AS actorId FROM actors WHERE settled_at < ? ORDER BY settled_at LIMIT ?', toId, before, limit);
  }
}

// What is settled stays. No row changed: it is new, or it was settled.
const updateActor = `UPDATE actors SET machine_id = ?, machine_version = ?, machine_digest = ?, status = ?, wake_at = ?, tree = ?, seq = ?, settled_at = ?
  WHERE actor_id = ? AND settled_at IS NULL`;
/** The common case: no index has to be looked at but the one that finds the row. */
const moveActor = 'UPDATE actors SET tree = ?, seq = ? WHERE actor_id = ? AND settled_at IS NULL';
const insertActor = `INSERT INTO actors (actor_id, machine_id, machine_version, machine_digest, status, wake_at, tree, seq, created_at, settled_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const insertMachine = 'INSERT INTO actor_machines (machine_digest, machine_id, machine_version, structure) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
const putPart = 'INSERT INTO actor_parts (actor_id, part, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body';
const deletePart = 'DELETE FROM actor_parts WHERE actor_id = ? AND part = ?';

/** Writes inside the open transaction. */
export function writeActors(connection: SqliteConnection, { put = [], progress = [], machines = [], parts = [], removedParts = [], removed = [] }: ActorWrites): void {
  for (const row of put) {
    const { actorId, machineId, machineVersion, machineDigest, status, wakeAt, tree, seq, createdAt, settledAt } = row;
    const { changes } = connection.prepare(updateActor).run(machineId, machineVersion, machineDigest, status, wakeAt, tree, seq, settledAt, actorId);
    if (Number(changes) > 0) continue;
    const inserted = connection.prepare(insertActor).run(actorId, machineId, machineVersion, machineDigest, status, wakeAt, tree, seq, createdAt, settledAt);
    if (Number(inserted.changes) === 0) throw createSettledError('actor', actorId);
  }
  for (const { actorId, tree, seq } of progress) {
    if (Number(connection.prepare(moveActor).run(tree, seq, actorId).changes) === 0) throw createSettledError('actor', actorId);
  }
  for (const { machineDigest, machineId, machineVersion, structure } of machines) connection.prepare(insertMachine).run(machineDigest, machineId, machineVersion, structure);
  for (const { actorId, part, body } of parts) connection.prepare(putPart).run(actorId, part, body);
  for (const { actorId, part } of removedParts) connection.prepare(deletePart).run(actorId, part);
  for (const actorId of removed) {
    connection.prepare('DELETE FROM actor_parts WHERE actor_id = ?').run(actorId);
    connection.prepare(`DELETE FROM journal WHERE ${actorRows}`).run(actorId);
    connection.prepare('DELETE FROM actors WHERE actor_id = ?').run(actorId);
  }
}
