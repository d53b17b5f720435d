import { createBatch } from '../../persistence/records/empty-batch.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import type { RequestRecord } from '../../persistence/request-store.ts';
import type { Answer } from '../../persistence/answer.ts';
import { chain } from '../../persistence/answer.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError, toError } from '../core/errors.ts';
import type { Envelope, NamedRequest, OwnWrite, Tick } from './kind.ts';
import { refuse, Refusal } from './kind.ts';
import { load, readAhead, requireTime, type Loading } from './load-envelopes.ts';
import type { Sift } from './sift.ts';
import { isRefusal, isStoreTrouble } from './store-trouble.ts';

export interface LoopOptions {
  readonly store: Records;
  readonly clock: Clock;
  /** Calls back in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void;
  /** A tick is over. */
  readonly ticked: () => void;
  /** Memory cannot be brought to what is stored: nothing of it may be used any more. */
  readonly fault: (error: Error) => void;
}

/** Envelopes one tick takes; the rest waits for the next. */
const tickBudget = 1_000;

/** What one tick has come to, before it is stored. */
interface Work extends Loading {
  /** Whoever takes envelopes out of it. */
  readonly sift: Sift | undefined;
  /** As they were taken, without what followed from them. */
  readonly given: readonly Envelope[];
  readonly answers: (() => void)[];
  /** A kind threw, and not the store. */
  hasThrown: boolean;
}

/**
 * The loop of one life of a runtime: drains the inbox, commits once, then acts.
 *
 * A tick that throws, or whose commit is refused, is dropped whole: each kind reads back what it touched, and the
 * envelopes are taken again, in halves, down to the one that is to blame. That one fails alone.
 */
export class Loop {
  /** Whoever takes envelopes out of the ticks to come. */
  sift: Sift | undefined;
  readonly #options: LoopOptions;
  #inbox: Envelope[] = [];
  /** Halves of dropped ticks, the next one first: they come before the inbox. */
  #again: (readonly Envelope[])[] = [];
  /** The tick that is being stored or read back. */
  #work: Work | undefined;
  #armed = false;
  #open = true;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Whether it takes anything. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Nothing waits for a tick and none is under way. */
  get idle(): boolean {
    return this.#inbox.length === 0 && this.#again.length === 0 && !this.#work;
  }

  now(): number {
    return this.#options.clock.now();
  }

  post(envelope: Envelope): void {
    if (!this.#open) return envelope.refused?.(new FlowError('runtime_stopped', 'Expected a running runtime; this one has stopped or faulted'));
    this.#inbox.push(envelope);
    this.#arm();
  }

  /** As `post`, before everything that waits for a tick. */
  postFirst(envelopes: readonly Envelope[]): void {
    if (!this.#open) return envelopes.forEach(envelope => this.post(envelope));
    this.#inbox.unshift(...envelopes);
    this.#arm();
  }

  /** Takes nothing more; whoever waits for an answer gets the error. */
  close(error: Error): void {
    this.#open = false;
    const left = [...(this.#work?.given ?? []), ...this.#again.flat(), ...this.#inbox];
    this.#work = undefined;
    this.#again = [];
    this.#inbox = [];
    for (const { refused } of left) refused?.(error);
  }

  #arm(): void {
    if (this.#armed || this.#work) return;
    this.#armed = true;
    this.#options.defer(() => this.#tick());
  }

  #tick(): void {
    this.#armed = false;
    if (!this.#open || this.#work) return;
    const taken = this.#again.shift() ?? this.#takeInbox();
    const { sift } = this;
    // Before anything is decided or written: what is held is neither.
    const given = sift === undefined ? taken : sift.sift(taken);
    const work: Work = (this.#work = { now: this.now(), sift, given, kinds: new Set(), answers: [], unread: new Map(), hasThrown: false });
    const reading = readAhead(given);
    if (reading) void reading.then(() => this.#open && this.#run(work));
    else this.#run(work);
  }

  #run(work: Work): void {
    try {
      const answer = this.#store(work);
      if (answer instanceof Promise) answer.then(() => this.#finish(work)).catch(error => this.#drop(work, error));
      else this.#finish(work);
    } catch (error) {
      this.#drop(work, error);
    }
  }

  #takeInbox(): readonly Envelope[] {
    const taken = this.#inbox.length > tickBudget ? this.#inbox.splice(0, tickBudget) : this.#inbox;
    if (taken === this.#inbox) this.#inbox = [];
    putInOrder(taken);
    return taken;
  }

  /** Decides and stores. What was decided is in memory already when this throws. */
  #store(work: Work): Answer<void> {
    const { store } = this.#options;
    if (!store.commitWith || !work.given.some(({ writes }) => writes)) return chain(this.#decide(work, refuseWrite), batch => batch && store.commit(batch));
    let thrown: unknown;
    try {
      store.commitWith(attempt => {
        try {
          return (this.#decide(work, attempt, true) as MutableBatch | undefined) ?? createBatch();
        } catch (error) {
          thrown = error;
          throw error;
        }
      });
    } catch (error) {
      // The store tells everything as trouble of its own.
      throw work.hasThrown ? thrown : error;
    }
    return undefined;
  }

  /** @param atOnce a transaction is open: nothing can be waited for */
  #decide(work: Work, attempt: (write: OwnWrite) => void, atOnce = false): Answer<MutableBatch | undefined> {
    const note = (error: unknown): never => {
      work.hasThrown = true;
      throw error;
    };
    try {
      const answer = this.#drain(work, attempt, atOnce);
      return answer instanceof Promise ? answer.catch(note) : answer;
    } catch (error) {
      return note(error);
    }
  }

  /** Takes one envelope after the other; a store that answers at once takes no turn for what is read in between. */
  #drain(work: Work, attempt: (write: OwnWrite) => void, atOnce: boolean): Answer<MutableBatch | undefined> {
    const { now, sift, kinds, answers, unread } = work;
    const taken = [...work.given];
    const post = (envelope: Envelope): void => void taken.push(envelope);
    let present: Envelope | undefined;
    let held: Envelope | undefined;
    const requests: RequestRecord[] = [];
    const take = (envelope: Envelope): unknown => {
      const { kind, command, done, refused, request } = envelope;
      kinds.add(kind);
      present = envelope;
      // One that was held before, in the same tick, may come again.
      if (held === envelope) held = undefined;
      const error = unread.get(envelope);
      const answer = error ? refuse(error) : kind.apply(command, tick);
      if (held === envelope) return undefined;
      if (answer instanceof Refusal) {
        if (refused) answers.push(() => refused(answer.error));
        return answer;
      }
      if (done) answers.push(() => done(answer as never));
      if (request && answer !== false) requests.push(toRequestRecord(request, answer, now));
      return answer;
    };
    const tick: Tick = { now, take, attempt, post: sift === undefined ? post : envelope => sift.takes(envelope) || post(envelope), hold: () => (held = present as Envelope) };
    // By index: what follows in the course of the tick is taken in, too.
    const takeFrom = (first: number): Answer<void> => {
      for (let index = first; index < taken.length; index++) {
        const envelope = taken[index] as Envelope;
        const reading = load(envelope, work);
        if (reading instanceof Promise) {
          return requireTime(reading, atOnce).then(() => {
            // Of a loop that was given up the kinds may have begun anew.
            if (!this.#open) throw new FlowError('runtime_stopped', 'The runtime ended while this was decided');
            take(envelope);
            return takeFrom(index + 1);
          });
        }
        take(envelope);
      }
      return undefined;
    };
    return chain(takeFrom(0), () => {
      const batch = createBatch();
      let isEmpty = true;
      for (const kind of kinds) if (kind.collect(batch, now)) isEmpty = false;
      if (requests.length > 0) batch.requests = requests;
      return isEmpty && requests.length === 0 ? undefined : batch;
    });
  }

  /** After the commit: what was decided is done, then callers have their answers. */
  #finish({ now, sift, kinds, answers }: Work): void {
    this.#work = undefined;
    try {
      sift?.ended(true);
      for (const kind of kinds) kind.perform(now);
      for (const answer of answers) answer();
      if (this.#inbox.length > 0 || this.#again.length > 0) this.#arm();
      this.#options.ticked();
    } catch (error) {
      this.#fail(error);
    }
  }

  #drop(work: Work, error: unknown): void {
    // A loop that was given up has no say.
    if (!this.#open) return;
    if (work.hasThrown ? isStoreTrouble(error) : !isRefusal(error)) return this.#fail(error);
    this.#readBack(work).then(
      () => {
        if (!this.#open) return;
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

  async #readBack({ kinds }: Work): Promise<void> {
    for (const kind of kinds) await kind.readBack();
  }

  #fail(error: unknown): void {
    if (this.#open) this.#options.fault(toError(error));
  }
}

/** Puts those that have an order in it, in the places that they have together. */
export function putInOrder(taken: Envelope[]): void {
  const places = [...taken.keys()].filter(index => taken[index]?.order !== undefined);
  if (places.length < 2) return;
  const sorted = places.map(index => taken[index] as Envelope).toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const [index, place] of places.entries()) taken[place] = sorted[index] as Envelope;
}

const toRequestRecord = ({ key, answer }: NamedRequest, given: unknown, at: number): RequestRecord =>
  ({ key, answer: JSON.stringify((answer === undefined ? given : answer) ?? null), at });

const refuseWrite = (): never => {
  throw new FlowError('writes_unsupported', 'Expected a store that takes a step\'s own writes (`onCommit`); this one does not');
};
