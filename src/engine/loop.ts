import type { Answer } from '../../persistence/answer.ts';
import { createBatch } from '../../persistence/records/empty-batch.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError, toError } from '../core/errors.ts';
import type { DueTimes } from './due.ts';
import type { Envelope, Kind, Life, NamedRequest } from './kind.ts';
import { Refusal } from './kind.ts';
import type { Sift } from './sift.ts';
import { isRefusal, isStoreTrouble } from './store-trouble.ts';
import { readAhead, TickWork } from './tick.ts';

export interface LoopOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly due: DueTimes;
  /** Calls back in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void;
  /** A tick is over. */
  readonly ticked: () => void;
  /** Memory cannot be brought to what is stored: nothing of it may be used any more. */
  readonly fault: (error: Error) => void;
}

/** Envelopes one tick takes; the rest waits for the next. */
const tickBudget = 1_000;

/**
 * One life of a runtime: drains the inbox, commits once, then acts.
 *
 * A tick that throws, or whose commit is refused, is dropped whole: each kind reads back what it touched, and the
 * envelopes are taken again, in halves, down to the one that is to blame. That one fails alone.
 */
export class Loop implements Life {
  lastKey = 0;
  /** Whoever takes envelopes out of the ticks to come. */
  sift: Sift | undefined;
  /** Whether it takes anything. */
  isOpen = true;
  readonly due: DueTimes;
  readonly #options: LoopOptions;
  #inbox: Envelope[] = [];
  /** Halves of dropped ticks, the next one first: they come before the inbox. */
  #again: (readonly Envelope[])[] = [];
  /** The tick that is being stored or read back. */
  #work: TickWork | undefined;
  #armed = false;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.due = options.due;
  }

  /** Nothing waits for a tick and none is under way. */
  get idle(): boolean {
    return this.#inbox.length === 0 && this.#again.length === 0 && !this.#work;
  }

  post(envelope: Envelope): void {
    if (!this.isOpen) return envelope.refused?.(new FlowError('runtime_stopped', 'Expected a running runtime; this one has stopped or faulted'));
    this.#inbox.push(envelope);
    this.#arm();
  }

  ask(kind: Kind, command: unknown, request?: NamedRequest): Promise<unknown> {
    return new Promise((done: (answer: unknown) => void, refused) => this.post({ kind, command, done, refused, request }));
  }

  /** As `post`, before everything that waits for a tick. */
  postFirst(envelopes: readonly Envelope[]): void {
    if (!this.isOpen) return envelopes.forEach(envelope => this.post(envelope));
    this.#inbox.unshift(...envelopes);
    this.#arm();
  }

  /** Takes nothing more; whoever waits for an answer gets the error. */
  close(error: Error): void {
    this.isOpen = false;
    const left = [...(this.#work?.given ?? []), ...this.#again.flat(), ...this.#inbox];
    this.#work = undefined;
    this.#again = [];
    this.#inbox = [];
    for (const { refused } of left) refused?.(error);
  }

  #arm(): void {
    if (this.#armed || this.#work) return;
    this.#armed = true;
    this.#options.defer(this.#tick);
  }

  readonly #tick = (): void => {
    this.#armed = false;
    if (!this.isOpen || this.#work) return;
    const taken = this.#again.shift() ?? this.#takeInbox();
    const { sift } = this;
    // Before anything is decided or written: what is held is neither.
    const given = sift === undefined ? taken : sift.sift(taken);
    const work = (this.#work = new TickWork(this.#options.clock.now(), given, sift, this));
    let reading: Promise<unknown> | undefined;
    for (const { kind } of given) {
      if (!kind.readAhead) continue;
      reading = readAhead(given);
      break;
    }
    if (reading) void reading.then(() => this.isOpen && this.#run(work));
    else this.#run(work);
  };

  #takeInbox(): readonly Envelope[] {
    const taken = this.#inbox.length > tickBudget ? this.#inbox.splice(0, tickBudget) : this.#inbox;
    if (taken === this.#inbox) this.#inbox = [];
    let ordered = 0;
    for (const { order } of taken) if (order !== undefined) ordered++;
    if (ordered > 1) putInOrder(taken);
    return taken;
  }

  #run(work: TickWork): void {
    try {
      const stored = this.#store(work);
      if (stored instanceof Promise) stored.then(() => this.#finish(work)).catch(error => this.#drop(work, error));
      else this.#finish(work);
    } catch (error) {
      this.#drop(work, error);
    }
  }

  /** Decides and stores. What was decided is in memory already when this throws. */
  #store(work: TickWork): Answer<void> {
    const { store } = this.#options;
    let hasWrites = false;
    for (const { writes } of work.given) if (writes) hasWrites = true;
    if (store.commitWith && hasWrites) return this.#storeWith(work);
    const batch = work.decide();
    if (batch instanceof Promise) return batch.then(late => late && store.commit(late));
    return batch && store.commit(batch);
  }

  /** With writes of steps' own in the same transaction. */
  #storeWith(work: TickWork): void {
    let thrown: unknown;
    try {
      this.#options.store.commitWith?.(attempt => {
        try {
          return (work.decide(attempt) as MutableBatch | undefined) ?? createBatch();
        } catch (error) {
          thrown = error;
          throw error;
        }
      });
    } catch (error) {
      // The store tells everything as trouble of its own.
      throw work.hasThrown ? thrown : error;
    }
  }

  /** After the commit: what was decided is done, then callers have their answers. */
  #finish({ now, sift, kinds, answers }: TickWork): void {
    this.#work = undefined;
    try {
      sift?.ended(true);
      for (const kind of kinds) kind.perform(now);
      for (const { envelope: { done, refused }, answer } of answers) {
        if (answer instanceof Refusal) refused?.(answer.error);
        else done?.(answer as never);
      }
      if (this.#inbox.length > 0 || this.#again.length > 0) this.#arm();
      this.#options.ticked();
    } catch (error) {
      this.#fail(error);
    }
  }

  #drop(work: TickWork, error: unknown): void {
    // A loop that was given up has no say.
    if (!this.isOpen) return;
    if (work.hasThrown ? isStoreTrouble(error) : !isRefusal(error)) return this.#fail(error);
    this.#readBack(work).then(
      () => {
        if (!this.isOpen) return;
        this.#work = undefined;
        const { given, sift } = work;
        sift?.ended(false);
        const half = Math.ceil(given.length / 2);
        if (given.length > 1) this.#again.unshift(given.slice(0, half), given.slice(half));
        else if (given[0]) {
          sift?.failed(given[0]);
          given[0].kind.fail(given[0], toError(error));
        }
        if (this.#inbox.length > 0 || this.#again.length > 0) this.#arm();
        this.#options.ticked();
      },
      failure => this.#fail(failure),
    );
  }

  async #readBack({ kinds }: TickWork): Promise<void> {
    for (const kind of kinds) await kind.readBack();
  }

  #fail(error: unknown): void {
    if (this.isOpen) this.#options.fault(toError(error));
  }
}

/** Puts those that have an order in it, in the places that they have together. */
export function putInOrder(taken: Envelope[]): void {
  const places = [...taken.keys()].filter(index => taken[index]?.order !== undefined);
  if (places.length < 2) return;
  const sorted = places.map(index => taken[index] as Envelope).toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const [index, place] of places.entries()) taken[place] = sorted[index] as Envelope;
}
