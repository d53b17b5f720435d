import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { Changes } from '../../kernel/changes.ts';
import { collectRows, computeWakeAt, isSame, toExecutionRecord, toProgress } from '../../kernel/rows.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Resident, Tail } from './resident.ts';
import { extendTail, extendTrail, markBatch } from './resident.ts';
import type { CheckpointRecord } from '../../../persistence/records.ts';
import type { CheckpointRule } from '../../../persistence/store.ts';
import { toCheckpoint } from '../../kernel/checkpoint.ts';

/** Adds what one execution has changed, and counts its transitions. */
export function collectResident(resident: Resident, plans: PlanRegistry, now: number, batch: MutableBatch): void {
  const { header, tree } = resident;
  const changes = resident.changes as Changes;
  const { entries, kept, received, consumed } = changes;
  // Read back and nothing happened to it yet: its rows are right as they are.
  if (entries.length === 0 && received.length === 0 && consumed.length === 0 && !resident.isNew) return;
  const { labels } = changes;
  if (labels) {
    const rows = Object.entries(labels).map(([name, value]) => ({ executionId: header.executionId, name, value }));
    batch.catalog = { ...batch.catalog, labels: [...(batch.catalog?.labels ?? []), ...rows] };
  }
  if (resident.isNew) {
    for (const plan of [tree.plan, ...Object.values(tree.flows ?? {}).flatMap(digest => plans.get(digest) ?? [])]) {
      const definition = plans.toRecord(plan, now);
      if (definition && !batch.definitions.some(({ digest }) => digest === definition.digest)) batch.definitions.push(definition);
    }
  }
  const mark = markBatch(batch);
  if (resident.isNew && resident.kept.length > 0) batch.steps.push(...resident.kept);
  const from = batch.journal.length;
  const consolidated = collectRows(resident, changes, now, batch);
  extendTail(resident.tail, batch.journal, from, entries.length);
  const wakeAt = computeWakeAt(tree, header.startedAt);
  if (resident.record && isSame(resident.record, tree, wakeAt)) batch.progress.push(toProgress(header, tree));
  else batch.executions.push((resident.record = toExecutionRecord(header, tree, wakeAt)));
  // What they did is with an earlier generation: the store has to be asked.
  if (kept.length > 0) resident.trail = null;
  if (resident.trail && resident.trail !== 'long') resident.trail = extendTrail(resident.trail, batch, mark);
  if (consolidated) {
    resident.consolidated = consolidated;
    batch.consolidated = [...(batch.consolidated ?? []), consolidated];
  }
}

/** A tail beyond these is too long: reading 1,024 entries back takes some 10 ms. */
const maxEntries = 1_024;
const maxLength = 262_144;
/** Rows that are worth a checkpoint when an execution leaves memory: reading them back costs as much as writing it. */
const worthRows = 8;
/** Rows of all that is loaded, in all: some 0.1 s of reading; of many executions, so many of each. */
const maxRows = 10_000;
const maxRowsEach = 8;
/** Executions that are looked at in a commit, beside those that have moved. */
const looks = 64;

/** Executions in memory. */
export interface LoadedFlows {
  readonly size: number;
  values(): Iterator<Resident>;
}

/** Decides when executions in memory get checkpoints, so that reading them back never folds a long journal. */
export class Checkpoints {
  readonly #rule: CheckpointRule;
  /** Rows in the tails of all that is loaded. */
  #rows = 0;
  /** Goes round what is loaded. */
  #hand: Iterator<Resident> | undefined;
  /** What takes back what was decided for the commit that is under way. */
  #before: { rows: number; readonly tails: { readonly tail: Tail; readonly was: Tail }[] } = { rows: 0, tails: [] };

  constructor(rule: CheckpointRule = 'due') {
    this.#rule = rule;
  }

  /**
   * Adds the checkpoints that are due to a commit.
   *
   * @param moved executions that the commit changes
   * @param loaded all that are in memory, by id
   */
  collect(moved: readonly Resident[], loaded: LoadedFlows, now: number, batch: MutableBatch): void {
    const made: CheckpointRecord[] = [];
    this.#before = { rows: this.#rows, tails: [] };
    for (const resident of moved) {
      const { tail } = resident;
      this.#keep(tail);
      const isLeaving = resident.leaves;
      if (this.#isDue(resident, isLeaving)) made.push(make(resident, now));
      const rows = isLeaving ? 0 : tail.rows;
      this.#rows += rows - tail.counted;
      tail.counted = rows;
    }
    if (this.#rule === 'due') this.#sweep(loaded, now, made);
    if (made.length > 0) batch.checkpoints = made;
  }

  /** The commit was refused: what it would have stored is still to be read back. */
  takeBack(): void {
    const { rows, tails } = this.#before;
    this.#rows = rows;
    for (const { tail, was } of tails) Object.assign(tail, was);
    this.#before = { rows, tails: [] };
  }

  /** It leaves memory, and not by a commit. */
  forget({ tail }: Resident): void {
    this.#rows -= tail.counted;
    tail.counted = 0;
  }

  #keep(tail: Tail): void {
    this.#before.tails.push({ tail, was: { ...tail } });
  }

  #isDue({ tree: { flow }, tail: { rows, entries, length }, checkpointLength }: Resident, isLeaving: boolean): boolean {
    if (rows === 0 || flow.status === 'done' || flow.value === 'pending') return false;
    if (this.#rule === 'always') return true;
    if (isLeaving && rows >= (this.#rule === 'never' ? 1 : worthRows)) return true;
    // Each at least as long after the one before as that is: so all are no longer than the journal.
    return this.#rule === 'due' && (entries > maxEntries || length > maxLength) && length > checkpointLength;
  }

  /** Of many executions, each with a short tail: in turn, as many as brings all tails together below the limit. */
  #sweep(loaded: LoadedFlows, now: number, made: CheckpointRecord[]): void {
    for (let left = looks; left > 0 && this.#rows > Math.max(maxRows, maxRowsEach * loaded.size); left--) {
      this.#hand ??= loaded.values();
      const { value: resident, done } = this.#hand.next();
      if (done) this.#hand = undefined;
      else if (resident.tail.counted >= maxRowsEach && resident.tail.length > resident.checkpointLength) {
        this.#keep(resident.tail);
        made.push(make(resident, now));
        this.#rows -= resident.tail.counted;
        resident.tail.counted = 0;
      }
    }
  }
}

/** Characters of a step that is alive, in a checkpoint. */
const openLength = 80;

function make(resident: Resident, now: number): CheckpointRecord {
  const checkpoint = toCheckpoint(resident.header, resident.tree, now);
  resident.checkpointLength = checkpoint.settled.length + checkpoint.open.length * openLength + checkpoint.items.reduce((sum, [, ranges]) => sum + ranges.length, 0);
  Object.assign(resident.tail, { rows: 0, entries: 0, length: 0 });
  return checkpoint;
}
