import { readEntries } from '../core/journal-text.ts';
import type { CheckpointRecord, ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import { FlowError } from '../core/errors.ts';
import { compileStored } from '../definition/compile-stored.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { JournalEntry } from '../core/journal-text.ts';
import { toFanOutInput } from '../kernel/fan-out-input.ts';
import { toFlowInput } from '../kernel/tree.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import type { Machines } from '../kernel/machines.ts';
import { compiledMachines } from '../kernel/machines.ts';
import { toStepInput } from '../kernel/tree.ts';
import { noItem, toLocalAddress } from '../core/address.ts';
import type { Replayed } from './replayed.ts';
import { compareCheckpoint, countReplayed, findStep, listEndings, listSettledItems, toComparable, toContext, toStored } from './replayed.ts';

/** A place where a journal and what is stored do not tell the same story. */
export interface ReplayMismatch {
  /** Address below the flow; `''` for the flow itself. */
  readonly address: string;
  /** Transition in the journal, or the last one in a checkpoint; null when it is the stored snapshot that differs. */
  readonly seq: number | null;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

export interface Replay {
  readonly transitions: number;
  readonly actors: number;
  readonly mismatches: readonly ReplayMismatch[];
}

export interface ReplayOptions {
  /** Default: the machines this version runs. */
  readonly machines?: Machines;
  /** As given to the runtime; default 5. */
  readonly maxInterruptions?: number;
  /** Where to begin. Default `start`; `checkpoint`: at the oldest one that is kept, if there is one. */
  readonly from?: 'start' | 'checkpoint';
}

type Runner = {
  readonly initial: (input: object) => Snapshot<object>;
  readonly restore: (value: string, context: object) => Snapshot<object>;
  readonly transition: (snapshot: Snapshot<object>, event: { readonly type: string }, effects: string[]) => Snapshot<object>;
};

/**
 * Sends the journal of an execution through the machines once more and compares with everything stored.
 *
 * Every transition must lead to the state the journal names, events it calls ignored must be ignored, and the last
 * snapshot of every actor must be the stored one: status, counters, attempts, failure and times. So must every checkpoint be
 * what the transitions before it lead to.
 *
 * @throws a `FlowError` with code `execution_not_found` or `definition_missing`
 */
export async function replayJournal(given: AnyReader, executionId: string, options: ReplayOptions = {}): Promise<Replay> {
  const reader = openReader(given);
  const record = await reader.getExecution(executionId);
  if (!record) throw new FlowError('execution_not_found', `Expected the id of an execution in ${reader.location}, got "${executionId}"`);
  const definition = await reader.getDefinition(record.digest);
  if (!definition) throw new FlowError('definition_missing', `Expected the definition ${record.digest} in ${reader.location}, found none`);
  const plan = compileStored(definition);
  const steps = await reader.listSteps(record.key);
  const checkpoints = await reader.listCheckpoints(record.key);
  const [oldest] = options.from === 'checkpoint' ? checkpoints : [];
  const replayer = new Replayer(plan, options.machines ?? compiledMachines, options.maxInterruptions ?? 5, steps, oldest);
  let next = checkpoints.findIndex(({ seq }) => seq > (oldest?.seq ?? -1));
  for (let after = oldest?.seq ?? 0; ; ) {
    const rows = await reader.readJournal(record.key, after);
    if (rows.length === 0) break;
    for (const row of rows) {
      const entries = readEntries(JSON.parse(row.entries) as readonly (readonly unknown[])[]);
      replayer.apply(row.seq, row.at, entries, after);
      after = row.seq + entries.length - 1;
      for (; next >= 0 && (checkpoints[next]?.seq ?? Number.POSITIVE_INFINITY) <= after; next++) replayer.compareCheckpoint(checkpoints[next] as CheckpointRecord);
    }
  }
  replayer.compare(record, steps);
  return replayer.report();
}

class Replayer {
  readonly #plan: FlowPlan;
  readonly #runners: Readonly<Record<Replayed['machine'], Runner>>;
  readonly #maxInterruptions: number;
  readonly #actors = new Map<string, Replayed>();
  readonly #mismatches: ReplayMismatch[] = [];
  #transitions = 0;
  #last = 0;

  readonly #kept: ReadonlySet<string>;
  readonly #from: CheckpointRecord | undefined;
  /** Items that had settled where the replay begins. */
  #before: ReadonlySet<string> = new Set();

  /** @param from where it begins; undefined: before the first transition */
  constructor(plan: FlowPlan, machines: Machines, maxInterruptions: number, steps: readonly StepRecord[], from: CheckpointRecord | undefined) {
    this.#plan = plan;
    this.#kept = new Set(steps.filter(row => row.originKey !== null).map(row => toLocalAddress(row.stepId, row.item)));
    this.#from = from;
    this.#runners = machines as unknown as Readonly<Record<Replayed['machine'], Runner>>;
    this.#maxInterruptions = maxInterruptions;
    this.#create('');
    if (from) this.#begin(from, steps);
  }

  /** Everybody as a checkpoint has them. */
  #begin(from: CheckpointRecord, steps: readonly StepRecord[]): void {
    const { flows: _flows, ...counters } = JSON.parse(from.context) as { readonly [name: string]: unknown };
    const restore = (address: string, value: string, context: object, times: Pick<Replayed, 'startedAt' | 'settledAt' | 'isKnownByEnding'>): void => {
      const actor = this.#createSnapshot(address);
      if (!actor) return this.#note(address, from.seq, 'address', 'a step of the definition', address);
      this.#actors.set(address, { ...actor, ...times, snapshot: this.#runners[actor.machine].restore(value, { ...actor.snapshot.context, ...context }) });
    };
    this.#last = from.seq;
    restore('', from.status, counters, { startedAt: from.startedAt, settledAt: null });
    for (const row of from.open) restore(toLocalAddress(row.stepId, row.item), row.status, toContext(row), { startedAt: row.startedAt, settledAt: null });
    for (const [address, ending] of listEndings(this.#plan, from)) {
      if (!this.#kept.has(address)) restore(address, ending, {}, { startedAt: null, settledAt: null, isKnownByEnding: true });
    }
    // Items of a step that had settled are not in it.
    this.#before = new Set([...listSettledItems(this.#plan, from), ...steps.filter(row => row.item !== noItem && this.#actors.get(row.stepId)?.isKnownByEnding).map(row => toLocalAddress(row.stepId, row.item))]);
  }

  /** Compares with a checkpoint of the transition reached. */
  compareCheckpoint(checkpoint: CheckpointRecord): void {
    if (checkpoint.seq !== this.#last) return this.#note('', checkpoint.seq, 'checkpoint', this.#last, checkpoint.seq);
    const kept = new Set([...this.#kept, ...this.#before]);
    for (const { address, expected, found } of compareCheckpoint(this.#plan, this.#actors, kept, checkpoint)) this.#check(address, expected, found, checkpoint.seq);
    // What was kept of an earlier generation is counted there.
    if (this.#kept.size > 0) return;
    const { excluded, totalTools, lastSettledAt } = countReplayed(this.#plan, this.#actors, this.#from);
    const sort = (positions: Iterable<number>): number[] => [...positions].toSorted((a, b) => a - b);
    this.#check('', { excluded: sort(excluded), totalTools, lastSettledAt }, { ...checkpoint, excluded: sort(checkpoint.excluded) }, checkpoint.seq);
  }

  report(): Replay {
    return { transitions: this.#transitions, actors: this.#actors.size, mismatches: this.#mismatches };
  }

  apply(seq: number, at: number, entries: readonly JournalEntry[], after: number): void {
    if (seq !== this.#last + 1 && seq > after) this.#note('', seq, 'sequence', this.#last + 1, seq);
    this.#last = seq + entries.length - 1;
    for (const [index, entry] of entries.entries()) this.#applyOne(seq + index, at, entry);
  }

  #applyOne(seq: number, at: number, [address, event, state]: JournalEntry): void {
    this.#transitions++;
    const known = this.#actors.get(address);
    // An event for an actor that never began finds nobody; there is nothing to replay.
    if (!known && state === null) return;
    const actor = known ?? this.#create(address);
    if (!actor) return this.#note(address, seq, 'address', 'a step of the definition', address);
    const before = actor.snapshot;
    const after = this.#runners[actor.machine].transition(before, event, []);
    const reached = after === before ? null : after.value;
    if (reached !== state) this.#note(address, seq, `state after ${event.type}`, reached, state);
    if (after === before) return;
    actor.snapshot = after;
    if (actor.startedAt === null && isBegun(actor.machine, after.value)) actor.startedAt = at;
    // A clock that was set back must not make it end before it began.
    if (after.status === 'done') actor.settledAt = Math.max(at, actor.startedAt ?? 0);
  }

  #create(address: string): Replayed | undefined {
    const actor = this.#createSnapshot(address);
    if (!actor) return undefined;
    const replayed: Replayed = { ...actor, startedAt: null, settledAt: null };
    this.#actors.set(address, replayed);
    return replayed;
  }

  #createSnapshot(address: string): Pick<Replayed, 'machine' | 'snapshot'> | undefined {
    const { mode } = this.#plan;
    if (address === '') return { machine: 'flow', snapshot: this.#runners.flow.initial(toFlowInput(this.#plan)) };
    const step = findStep(this.#plan, address);
    if (!step) return undefined;
    if (step.forEach && !address.includes('[')) return { machine: 'fanOut', snapshot: this.#runners.fanOut.initial(toFanOutInput(mode, step)) };
    return { machine: 'step', snapshot: this.#runners.step.initial(toStepInput(step, this.#maxInterruptions)) };
  }

  /** Compares the last snapshots with the rows. */
  compare(record: ExecutionRecord, rows: readonly StepRecord[]): void {
    // What comes after the end is in the journal only: a settled row is never written again.
    if (record.settledAt === null ? record.seq !== this.#last : record.seq > this.#last) this.#note('', null, 'seq', this.#last, record.seq);
    const flow = this.#actors.get('') as Replayed;
    const { score, passed: _passed, failure, ...counters } = flow.snapshot.context as { score: unknown; passed: unknown; failure: unknown };
    const done = flow.snapshot.status === 'done';
    this.#check('', { status: flow.snapshot.value, startedAt: flow.startedAt, settledAt: flow.settledAt, ...counters }, {
      ...this.#createSnapshot('')?.snapshot.context, ...(JSON.parse(record.context) as object), status: record.status, startedAt: record.startedAt, settledAt: record.settledAt,
    });
    if (done) this.#check('', { score: score ?? 0, failure }, { score: record.score, failure: record.failure });
    const stored = new Set<string>();
    for (const row of rows) {
      // Kept of an earlier generation: its story is told there.
      if (row.originKey !== null) continue;
      const address = toLocalAddress(row.stepId, row.item);
      stored.add(address);
      const actor = this.#actors.get(address);
      if (actor) this.#check(address, actor.isKnownByEnding ? { status: actor.snapshot.value } : toComparable(actor), toStored(row));
      else if (!this.#before.has(address)) this.#note(address, null, 'row', 'no row: the journal does not know it', row.status);
    }
    for (const [address, { snapshot }] of this.#actors) {
      if (address !== '' && !stored.has(address)) this.#note(address, null, 'row', snapshot.value, 'no row');
    }
  }

  #check(address: string, expected: object, found: object, seq: number | null = null): void {
    for (const [name, value] of Object.entries(expected)) {
      const other = (found as Record<string, unknown>)[name];
      if (toText(value) !== toText(other)) this.#note(address, seq, name, value, other);
    }
  }

  #note(address: string, seq: number | null, what: string, expected: unknown, found: unknown): void {
    this.#mismatches.push({ address, seq, what, expected, found });
  }
}

function isBegun(machine: Replayed['machine'], value: string): boolean {
  if (machine === 'flow') return value === 'stepping';
  return value === 'running' || (machine === 'step' && value === 'waiting') || (machine === 'fanOut' && value === 'completed');
}

/** Keys in one order: a store may give them back in another. */
function toText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member) ?? 'undefined';
}
