import type { Answer } from '../../persistence/answer.ts';
import { chain } from '../../persistence/answer.ts';
import type { Write, WriteShape } from '../../persistence/contract.ts';
import type { JournalRow } from '../../persistence/feed-store.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import type { Records } from '../../persistence/store.ts';
import type { Row } from '../../persistence/table.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { KindDefinition, KindTick } from './define-kind.ts';
import { toRowValues } from './define-kind.ts';
import type { DueKind } from './due.ts';
import type { Envelope, Kind, Life, Tick } from './kind.ts';
import { Refusal } from './kind.ts';

type Definition = KindDefinition<object, object, unknown, unknown>;

export interface KeyedKindOptions {
  readonly store: Pick<Records, 'readRows'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What an instance is told. */
type Told =
  | { readonly type: 'command'; readonly command: object }
  | { readonly type: 'due'; readonly id: string }
  | { readonly type: 'remove'; readonly ids: readonly string[] };

/** An instance in memory. */
interface Loaded {
  readonly state: object;
  /** Commands that have changed it. */
  seq: number;
  settledAt: number | null;
  /** What has changed it in this tick. */
  events: unknown[];
}

/** Until what is due, and could not be decided, is tried again, ms. */
const againMs = 10_000;
/** Instances that stay in memory between two ticks. */
const maxLoaded = 1_024;
/** Instances that are read, told or deleted in one go. */
const pageSize = 500;

/** Runs a kind that was defined by its instances: reads what commands are decided by, stores what they change, rings when they are due. */
export class KeyedKind implements Kind<Told>, DueKind {
  readonly name: string;
  readonly definition: Definition;
  readonly #options: KeyedKindOptions;
  readonly #put: WriteShape;
  readonly #remove: WriteShape;
  readonly #loaded = new Map<string, Loaded>();
  readonly #touched = new Map<string, Loaded>();
  readonly #removed = new Set<string>();
  #effects: unknown[] = [];
  #life: Life | undefined;
  #isLooking = false;

  constructor(definition: Definition, options: KeyedKindOptions) {
    const { name, table } = definition;
    this.name = name;
    this.definition = definition;
    this.#options = options;
    this.#put = { table, kind: 'put', columns: Object.keys(table.columns) };
    this.#remove = { table, kind: 'remove', columns: ['id'] };
  }

  get idle(): boolean {
    return !this.#isLooking;
  }

  async begin(life: Life): Promise<() => void> {
    this.#forget();
    this.#life = life;
    await this.#wakeNext();
    return () => {};
  }

  /** Tells an instance; resolves with the answer after the commit. */
  send(command: object): Promise<unknown> {
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#life.ask(this, { type: 'command', command } satisfies Told);
  }

  toCommand(command: object): Envelope {
    return { kind: this, command: { type: 'command', command } satisfies Told };
  }

  // reading

  readAhead(told: readonly Told[]): Answer<void> {
    return this.#load(told);
  }

  load(told: Told): Answer<void> {
    return this.#load([told]);
  }

  /** Reads, in one go, what these are decided by and is not in memory; absence, too. */
  #load(told: readonly Told[]): Answer<void> {
    const ids = new Set<string>();
    for (const one of told) for (const id of this.#listKeys(one)) if (!this.#loaded.has(id)) ids.add(id);
    if (ids.size === 0) return;
    const asked = [...ids];
    const answer = this.#read([{ table: this.definition.table, keys: asked.map(id => [id]) }]);
    const life = this.#life;
    return chain(answer, rows => {
      // What was read in a life that is over may not be so any more.
      if (this.#life === life) this.#keep(asked, rows);
    });
  }

  #read(requests: Parameters<NonNullable<Records['readRows']>>[0]): Answer<Row[]> {
    const answer = this.#options.store.readRows?.(requests) ?? [];
    return answer instanceof Promise ? answer.then(([rows = []]) => rows) : (answer[0] ?? []);
  }

  #keep(ids: readonly string[], rows: readonly Row[]): void {
    const byId = new Map(rows.map(row => [row['id'] as string, row]));
    for (const id of ids) {
      if (this.#loaded.has(id)) continue;
      const row = byId.get(id);
      const state = this.definition.load(id, row && { ...row });
      const loaded: Loaded = { state, seq: Number(row?.['seq'] ?? 0), settledAt: (row?.['settledAt'] ?? null) as number | null, events: [] };
      this.#loaded.set(id, loaded);
    }
  }

  /** What is wrong with a command is told when it is applied. */
  #listKeys(told: Told): readonly string[] {
    if (told.type === 'due') return [told.id];
    if (told.type === 'remove') return [];
    try {
      return this.definition.keysOf(told.command);
    } catch {
      return [];
    }
  }

  // deciding

  apply(told: Told, tick: Tick): unknown {
    if (told.type === 'remove') return this.#removeAll(told.ids);
    const keys = told.type === 'due' ? [told.id] : this.definition.keysOf(told.command);
    const [id] = keys;
    if (id === undefined) throw new FlowError('key_not_loaded', `Expected \`keysOf\` of the kind "${this.name}" to name an instance, got none`);
    const loaded = this.#touch(id);
    if (told.type === 'due' && !((this.definition.due(loaded.state) ?? Infinity) <= tick.now)) return undefined;
    const command = told.type === 'due' ? null : told.command;
    const effects: unknown[] = [];
    /** As they were before. */
    const seen = new Map<string, string>([[id, this.#toText(id, loaded)]]);
    const own: KindTick<object, unknown> = {
      now: tick.now,
      get: key => {
        const other = this.#touch(this.#require(key, keys));
        if (!seen.has(key)) seen.set(key, this.#toText(key, other));
        return other.state;
      },
      perform: effect => void effects.push(effect),
      post: envelope => tick.post(envelope),
    };
    const answer = this.definition.apply(loaded.state, command, own);
    if (answer instanceof Refusal) return answer;
    this.#effects.push(...effects);
    for (const [key, text] of seen) {
      const one = this.#touch(key);
      if (this.#toText(key, one) !== text) one.events.push(command ?? { type: 'due' });
    }
    return answer;
  }

  #require(key: string, keys: readonly string[]): string {
    if (keys.includes(key)) return key;
    throw new FlowError('key_not_loaded', `Expected \`keysOf\` of the kind "${this.name}" to name "${key}", by which a command is decided; it names ${keys.join(', ')}`);
  }

  #touch(id: string): Loaded {
    const loaded = this.#loaded.get(id);
    if (!loaded) throw new FlowError('key_not_loaded', `Expected "${id}" of the kind "${this.name}" to be in memory when it is told something`);
    this.#touched.set(id, loaded);
    return loaded;
  }

  #removeAll(ids: readonly string[]): number {
    const old = ids.filter(id => !this.#touched.has(id));
    for (const id of old) this.#removed.add(id);
    return old.length;
  }

  // storing

  #toText(id: string, { state, seq, settledAt }: Loaded): string {
    return JSON.stringify(toRowValues(this.definition.table, { ...state, id, seq, settledAt, dueAt: this.definition.due(state) }));
  }

  collect(batch: MutableBatch, now: number): boolean {
    const { table, due, isSettled } = this.definition;
    const writes: Write[] = [];
    const journal: JournalRow[] = [];
    for (const [id, loaded] of this.#touched) {
      const { state, events } = loaded;
      if (events.length === 0) continue;
      const entries = events.map(event => [++loaded.seq, '', event]);
      loaded.settledAt = isSettled.call(this.definition, state) ? (loaded.settledAt ?? now) : null;
      const dueAt = loaded.settledAt === null ? due.call(this.definition, state) : null;
      writes.push({ shape: this.#put, values: toRowValues(table, { ...state, id, seq: loaded.seq, dueAt, settledAt: loaded.settledAt }) });
      journal.push({ kind: 'kind', instance: `${this.name}/${id}`, seq: loaded.seq, at: now, entries: JSON.stringify(entries) });
    }
    for (const id of this.#removed) writes.push({ shape: this.#remove, values: [id] });
    if (writes.length === 0) return false;
    const removed = [...this.#removed].map(id => ({ kind: this.name, id }));
    const { kinds } = batch;
    batch.kinds = { writes: [...(kinds?.writes ?? []), ...writes], journal: [...(kinds?.journal ?? []), ...journal], removed: [...(kinds?.removed ?? []), ...removed], at: now };
    return true;
  }

  perform(): void {
    const [touched, effects] = [[...this.#touched], this.#effects];
    for (const id of this.#removed) this.#loaded.delete(id);
    this.#forgetTick();
    for (const [id, loaded] of touched) {
      loaded.events = [];
      const dueAt = loaded.settledAt === null ? this.definition.due(loaded.state) : null;
      if (dueAt !== null) this.#life?.due.wake(this, dueAt);
      // The one that was spoken to last goes last.
      this.#loaded.delete(id);
      this.#loaded.set(id, loaded);
    }
    for (const effect of effects) this.#perform(effect);
    for (const id of this.#loaded.keys()) {
      if (this.#loaded.size <= maxLoaded) break;
      this.#loaded.delete(id);
    }
  }

  #perform(effect: unknown): void {
    const { clock, logger } = this.#options;
    try {
      this.definition.perform?.(effect, { now: () => clock.now(), send: command => this.#life?.post(this.toCommand(command)) });
    } catch (error) {
      logger.error({ err: error, kind: this.name }, 'what was decided could not be done');
    }
  }

  /** They are read again by whoever needs them. */
  readBack(): void {
    for (const id of this.#touched.keys()) this.#loaded.delete(id);
    this.#forgetTick();
  }

  /** The instance stays as it is stored. */
  fail({ command, refused }: Envelope, error: Error): void {
    if (refused) return refused(error);
    this.#options.logger.error({ err: error, kind: this.name, command }, 'what an instance was told could not be decided or stored');
  }

  halt(how: 'drain' | 'release' | 'end'): void {
    if (how !== 'end') return;
    this.#life = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#loaded.clear();
    this.#forgetTick();
  }

  #forgetTick(): void {
    this.#touched.clear();
    this.#removed.clear();
    this.#effects = [];
  }

  // what is due

  readonly isNeeded = (): boolean => true;

  ring(): void {
    const life = this.#life;
    if (!life || this.#isLooking) return;
    this.#isLooking = true;
    this.#tellDue(life).catch(error => this.#options.logger.error({ err: error, kind: this.name }, 'what is due could not be read')).finally(() => (this.#isLooking = false));
  }

  async #tellDue(life: Life): Promise<void> {
    const { table } = this.definition;
    const rows = await this.#read([{ table, index: `${table.name}_due`, to: this.#options.clock.now(), limit: pageSize, columns: ['id'] }]);
    let failed = false;
    const refuse = (error: unknown): void => {
      failed = true;
      this.#options.logger.error({ err: error, kind: this.name }, 'what is due could not be decided or stored; the next try is in a while');
    };
    await Promise.all(rows.map(row => life.ask(this, { type: 'due', id: row['id'] as string } satisfies Told).catch(refuse)));
    if (failed) life.due.wakeIn(this, againMs);
    else await this.#wakeNext();
  }

  async #wakeNext(): Promise<void> {
    const { table } = this.definition;
    const [next] = await this.#read([{ table, index: `${table.name}_due`, limit: 1, columns: ['dueAt'] }]);
    if (next) this.#life?.due.wake(this, next['dueAt'] as number);
  }

  /** Deletes instances that settled before then, at most so many; returns how many. */
  async sweep(settledBefore: number, limit: number): Promise<number> {
    const { table } = this.definition;
    const rows = await this.#read([{ table, index: `${table.name}_settled`, to: settledBefore - 1, limit, columns: ['id'] }]);
    if (rows.length === 0 || !this.#life) return 0;
    return (await this.#life.ask(this, { type: 'remove', ids: rows.map(row => row['id'] as string) } satisfies Told)) as number;
  }
}
