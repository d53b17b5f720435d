import type { Write, WriteShape } from '../contract.ts';
import type { JournalRow } from '../feed-store.ts';
import { listOtherRows } from '../journal-rows.ts';
import type { AttemptRecord, StepRecord } from '../records.ts';
import type { CommitBatch } from '../store.ts';
import { writeCheckpoint } from './checkpoint-rows.ts';
import { insertInto } from './shapes.ts';
import { journalKinds } from './journal-kinds.ts';
import type { KnownSteps } from './known-steps.ts';
import { writeChanges } from './step-changes.ts';
import { journal, meta, owners } from './tables.ts';

const insertRow = insertInto(journal);
const putOwner: WriteShape = { ...insertInto(owners), kind: 'put' };
const updateHead: WriteShape = { table: meta, kind: 'update', columns: ['head'] };
/** Steps that one row speaks of, at most: as many as it has entries. */
const maxSteps = 256;
/** Instances whose newest row is remembered. */
const maxInstances = 20_000;
const noEntries = '[]';
const nothing: ReadonlyMap<number, Pending> = new Map();

/** Changes of one execution that are still to be told by a row. */
interface Pending {
  steps: StepRecord[];
  attempts: AttemptRecord[];
  context: string | undefined;
}

/** Gives the rows of the journal their numbers: the owner's, rising, never given twice. */
export class JournalNumbers {
  /** The highest number that was given. */
  head = 0;
  /** The first transition of the newest row, of the instances that began last. */
  readonly #last = new Map<number | string, number>();

  /** Begins a new owner's numbers above all that were ever given. */
  begin(head: number, ownerId: string): Write {
    this.head = head;
    return { shape: putOwner, values: [head + 1, ownerId] };
  }

  /** The rows of a batch: its transitions, and what they did to the steps of their executions. */
  listWrites(batch: CommitBatch, known: KnownSteps, writes: Write[]): void {
    const pending = batch.steps.length + batch.attempts.length + batch.progress.length > 0 ? groupChanges(batch) : nothing;
    // Its id is free.
    for (const actorId of batch.actors?.removed ?? []) this.#last.delete(actorId);
    for (const { kind, id } of batch.kinds?.removed ?? []) this.#last.delete(`${kind}/${id}`);
    const last = new Map<number, number>();
    for (const { executionKey, seq } of batch.journal) last.set(executionKey, seq);
    for (const { executionKey, seq, at, entries } of batch.journal) {
      const row: JournalRow = { kind: 'flow', instance: executionKey, seq, at, entries };
      const changes = pending.get(executionKey);
      // The last row of a commit has the context: whoever wants it looks at the newest row.
      writes.push(changes ? this.#tell(row, changes, known, seq === last.get(executionKey)) : this.toWrite(row));
    }
    if (batch.catalog || batch.artifacts || batch.interactions || batch.actors || batch.kinds || batch.queues) for (const row of listOtherRows(batch)) writes.push(this.toWrite(row));
    // More than its transitions have room for, or none of these: a row without entries.
    for (const [executionKey, changes] of pending) {
      while (changes.steps.length > 0 || changes.attempts.length > 0 || changes.context !== undefined) {
        const seq = (findSeq(batch, executionKey) ?? this.#last.get(executionKey) ?? 0) + 1;
        writes.push(this.#tell({ kind: 'flow', instance: executionKey, seq, at: findTime(batch, changes), entries: noEntries }, changes, known, true));
      }
    }
    for (const checkpoint of batch.checkpoints ?? []) writes.push(writeCheckpoint(checkpoint, this.head + 1, known.listOutputs(checkpoint.executionKey)));
    if (batch.actors?.removed?.length || batch.kinds?.removed.length) writes.push(this.keepHead());
  }

  #tell(row: JournalRow, pending: Pending, known: KnownSteps, isLast: boolean): Write {
    const context = isLast ? pending.context : undefined;
    if (pending.steps.length === 0 && pending.attempts.length === 0 && context === undefined) return this.toWrite(row);
    const { steps, attempts } = takeRoomful(pending);
    if (isLast) pending.context = undefined;
    known.note(row.instance as number, this.head + 1, steps, attempts, row.seq === 1);
    const { changes, outputs } = writeChanges(row.at, { steps, attempts, context });
    return this.toWrite(row, changes, outputs);
  }

  /** @throws a TypeError for transitions that are stored already */
  toWrite({ kind, instance, seq, at, entries }: JournalRow, changes: string | null = null, outputs: string | null = null): Write {
    if (seq !== null && entries !== noEntries) this.#requireRising(instance, seq);
    return { shape: insertRow, values: [(this.head += 1), journalKinds[kind], instance, seq, at, entries, changes, outputs] };
  }

  /** The order of an instance's rows is that of their transitions. */
  #requireRising(instance: number | string, seq: number): void {
    const last = this.#last.get(instance);
    if (last !== undefined && seq <= last) throw new TypeError(`The transitions of ${instance} from ${seq} on are stored already, and are written once`);
    this.#last.set(instance, seq);
    if (this.#last.size <= maxInstances) return;
    for (const [oldest] of this.#last) return void this.#last.delete(oldest);
  }

  /** It has settled: hardly anything more of it is written. */
  drop(instance: number): void {
    this.#last.delete(instance);
  }

  /** Takes back the numbers of a commit that was refused: nobody has seen them. */
  takeBack(head: number): void {
    this.head = head;
    this.#last.clear();
  }

  /** Remembers how far numbers were given, in the commit that deletes rows: the highest may be among them. */
  keepHead(): Write {
    return { shape: updateHead, values: [this.head, 1] };
  }
}

const toPlace = ({ position, item }: { readonly position: number; readonly item: number }): string => `${position}/${item}`;

/** What one row has room for, taken from what is still to be told: steps, each with its attempts. */
function takeRoomful(pending: Pending): { readonly steps: StepRecord[]; readonly attempts: AttemptRecord[] } {
  const { steps, attempts } = pending;
  if (steps.length <= maxSteps && attempts.length <= maxSteps) {
    pending.steps = [];
    pending.attempts = [];
    return { steps, attempts };
  }
  const told = steps.splice(0, maxSteps);
  if (steps.length === 0) return { steps: told, attempts: attempts.splice(0, maxSteps) };
  const places = new Set(told.map(toPlace));
  pending.attempts = attempts.filter(attempt => !places.has(toPlace(attempt)));
  return { steps: told, attempts: attempts.filter(attempt => places.has(toPlace(attempt))) };
}

function groupChanges({ steps, attempts, progress }: CommitBatch): Map<number, Pending> {
  const pending = new Map<number, Pending>();
  const open = (executionKey: number): Pending => {
    let one = pending.get(executionKey);
    if (!one) pending.set(executionKey, (one = { steps: [], attempts: [], context: undefined }));
    return one;
  };
  for (const row of steps) open(row.executionKey).steps.push(row);
  for (const row of attempts) open(row.executionKey).attempts.push(row);
  for (const { key, context } of progress) open(key).context = context;
  return pending;
}

/** How far the transitions of an execution go. */
const findSeq = ({ progress, executions }: CommitBatch, key: number): number | undefined => [...progress, ...executions].findLast(row => row.key === key)?.seq;

/** When it was, of a row that has no transitions of its own. */
function findTime({ journal: rows, executions }: CommitBatch, { steps, attempts }: Pending): number {
  const [row] = rows;
  const [step] = steps;
  return row?.at ?? step?.settledAt ?? step?.startedAt ?? attempts[0]?.endedAt ?? executions[0]?.createdAt ?? 0;
}
