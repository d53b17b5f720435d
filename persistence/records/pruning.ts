import type { Answer } from '../answer.ts';
import type { Request, Store, Write, WriteShape } from '../contract.ts';
import { toDeleted } from '../journal-rows.ts';
import type { PruneMessagesParams } from '../queue-store.ts';
import { isImported } from '../records.ts';
import type { PruneParams } from '../store.ts';
import type { Row, Table } from '../table.ts';
import { selectNewest } from './execution-reads.ts';
import { artifacts, attempts, consolidations, contents, executions, inputs, interactions, isolations, labels, outputFolders, signals, steps } from './flow-tables.ts';
import { journalKinds } from './journal-kinds.ts';
import type { JournalNumbers } from './journal-numbers.ts';
import { removeJournal } from './made-writes.ts';
import { chain, collect, none } from './reading.ts';
import { checkpoints, journal, messageKeys, messagePayloads, messages, meta, requests } from './tables.ts';

/** Executions deleted in one commit: short ones, so that no reader and no other commit waits long. */
const chunkSize = 100;
/** Pieces of contents after which a commit ends: some 64 MiB. */
const maxPieces = 256;
/** Messages deleted in one commit. */
const messageChunk = 500;

/** Deletes chunk after chunk until there is no more; then gives the space back. */
function inChunks(store: Store, limit: number, deleteChunk: (limit: number) => Answer<number>): Answer<number> {
  const turn = (pruned: number): Answer<number> => {
    if (pruned >= limit) return pruned;
    return chain(deleteChunk(limit - pruned), count => (count === 0 ? pruned : turn(pruned + count)));
  };
  // Who does not own the store learns it also when there is nothing to delete.
  return chain(chain(store.commit([]), () => turn(0)), pruned => (pruned === 0 ? 0 : chain(store.compact(), () => pruned)));
}

const removeBy = (table: Table, column: string): WriteShape => ({ table, kind: 'remove', columns: [column] });
const removeOfKey = [steps, attempts, inputs, signals, artifacts, contents, outputFolders, interactions, isolations, consolidations, checkpoints].map(table => removeBy(table, 'executionKey'));
const removeExecution = removeBy(executions, 'key');
const removeLabels = removeBy(labels, 'executionId');

/** Deletes executions whose newest generation has settled, the oldest first. Times of imported ones are of long ago; they are kept. */
export function pruneExecutions(store: Store, numbers: JournalNumbers, { settledBefore, executionIds, limit = 1000, at = settledBefore }: PruneParams): Answer<number> {
  const isMeant = (row: Row): boolean =>
    executionIds ? executionIds.includes(row['executionId'] as string) : !isImported({ idempotencyKey: row['idempotencyKey'] as string | null });
  return inChunks(store, limit, left =>
    chain(listSettled(store, settledBefore, executionIds, Math.min(chunkSize, left), isMeant), rows => (rows.length === 0 ? 0 : pruneChunk(store, numbers, rows, at))),
  );
}

const prunedColumns = ['key', 'executionId', 'generation', 'idempotencyKey', 'settledAt'];

function listSettled(store: Store, before: number, ids: readonly string[] | undefined, limit: number, isMeant: (row: Row) => boolean): Answer<Row[]> {
  if (ids) {
    const asked = ids.map((id): Request => ({ table: executions, index: 'executions_generation', prefix: [id], order: 'falling', limit: 1, columns: prunedColumns }));
    if (asked.length === 0) return [];
    return chain(store.read(asked), answers => answers.flat().filter(row => row['settledAt'] !== null && (row['settledAt'] as number) < before).slice(0, limit));
  }
  const request = (last: Row | undefined): Request => ({
    table: executions, index: 'executions_settled', to: before - 1, columns: prunedColumns,
    ...(last && { after: [last['settledAt'] as number, last['key'] as number] }),
  });
  return collect(store, limit, request, rows => selectNewest(store, rows.filter(isMeant)));
}

/** Deletes all generations of executions, as many as make a commit of some length; returns how many executions. */
function pruneChunk(store: Store, numbers: JournalNumbers, rows: readonly Row[], at: number): Answer<number> {
  const ids = rows.map(row => row['executionId'] as string);
  const generations = ids.map((id): Request => ({ table: executions, index: 'executions_generation', prefix: [id], columns: ['key', 'executionId'] }));
  return chain(store.read(generations), found => {
    const counts = found.flat().map((row): Request => ({ table: contents, prefix: [row['key'] as number], count: true }));
    return chain(store.read(counts), pieces => {
      const pieceCounts = new Map(found.flat().map((row, index) => [row['key'] as number, Number(pieces[index]?.[0]?.['count'] ?? 0)]));
      const writes: Write[] = [];
      let deleted = 0;
      let sum = 0;
      for (const [index, id] of ids.entries()) {
        const keys = (found[index] ?? []).map(row => row['key'] as number);
        for (const key of keys) listRemoval(key, writes);
        writes.push({ shape: removeLabels, values: [id] }, numbers.toWrite(toDeleted('execution', id, at)));
        deleted++;
        sum += keys.reduce((all, key) => all + (pieceCounts.get(key) ?? 0), 0);
        if (sum >= maxPieces) break;
      }
      return chain(store.commit([...writes, numbers.keepHead()]), () => deleted);
    });
  });
}

function listRemoval(key: number, writes: Write[]): void {
  for (const shape of removeOfKey) writes.push({ shape, values: [key] });
  for (const kind of [journalKinds.flow, journalKinds.made]) writes.push({ shape: removeJournal, values: [kind, key] });
  writes.push({ shape: removeExecution, values: [key] });
}

const removeMessage = removeBy(messages, 'key');
const removePayload = removeBy(messagePayloads, 'key');

/** Deletes settled messages, the oldest first. */
export function pruneMessages(store: Store, { queue, status, settledBefore, limit = 1000 }: PruneMessagesParams): Answer<number> {
  return inChunks(store, limit, left => {
    const request: Request = { table: messages, index: 'messages_settled', prefix: [queue, status], to: settledBefore - 1, limit: Math.min(messageChunk, left), columns: ['key'] };
    return chain(store.read([request]), ([rows = []]) => {
      if (rows.length === 0) return 0;
      const writes = rows.flatMap((row): Write[] => [{ shape: removeMessage, values: [row['key'] as number] }, { shape: removePayload, values: [row['key'] as number] }]);
      return chain(store.commit(writes), () => rows.length);
    });
  });
}

const removeKey: WriteShape = { table: messageKeys, kind: 'remove', columns: ['queue', 'idempotencyKey'] };

/** Forgets idempotency keys that have expired. */
export function pruneMessageKeys(store: Store, now: number, limit: number): Answer<number> {
  return chain(store.read([{ table: messageKeys, index: 'message_keys_expiry', to: now, limit }]), ([rows = []]) => {
    if (rows.length === 0) return 0;
    const writes = rows.map((row): Write => ({ shape: removeKey, values: [row['queue'] as string, row['idempotencyKey'] as string] }));
    return chain(store.commit(writes), () => rows.length);
  });
}

const removeRequest = removeBy(requests, 'key');

/** Forgets requests of clients that were done long ago. */
export function pruneRequests(store: Store, before: number, limit: number): Answer<number> {
  return chain(store.read([{ table: requests, index: 'requests_at', to: before - 1, limit, columns: ['key', 'at'] }]), ([rows = []]) => {
    if (rows.length === 0) return 0;
    return chain(store.commit(rows.map((row): Write => ({ shape: removeRequest, values: [row['key'] as string] }))), () => rows.length);
  });
}

const removeRow = removeBy(journal, 'number');
const updateMarks: WriteShape = { table: meta, kind: 'update', columns: ['head', 'prunedTo'] };

/**
 * Deletes the oldest rows that go by their age: those of actors and queues, what steps made, what was deleted. Stops at the
 * first that is younger. A reader that is behind them is told to begin anew.
 */
export function pruneJournal(store: Store, numbers: JournalNumbers, before: number, limit: number): Answer<number> {
  const asked: Request[] = [{ table: journal, index: 'journal_aged', limit, columns: ['number', 'at'] }, { table: meta, keys: [[1]] }];
  return chain(store.read(asked), ([rows = [], [marks] = none]) => {
    const young = rows.findIndex(row => (row['at'] as number) >= before);
    const old = young === -1 ? rows : rows.slice(0, young);
    const last = old.at(-1)?.['number'] as number | undefined;
    if (last === undefined) return 0;
    const writes = old.map((row): Write => ({ shape: removeRow, values: [row['number'] as number] }));
    const prunedTo = Math.max(last, Number(marks?.['prunedTo'] ?? 0));
    return chain(store.commit([...writes, { shape: updateMarks, values: [numbers.head, prunedTo, 1] }]), () => old.length);
  });
}
