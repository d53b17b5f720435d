import type { Answer } from '../../persistence/answer.ts';
import { chain } from '../../persistence/answer.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import { createBatch } from '../../persistence/records/empty-batch.ts';
import type { RequestRecord } from '../../persistence/request-store.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { Envelope, Kind, Life, NamedRequest, OwnWrite, Tick } from './kind.ts';
import { refuse, Refusal } from './kind.ts';
import type { Sift } from './sift.ts';
import { isStoreTrouble } from './store-trouble.ts';

/** What one envelope came to, for whoever waits for it. */
interface Answered {
  readonly envelope: Envelope;
  /** Or its refusal. */
  readonly answer: unknown;
}

/** One tick, until it is stored: takes envelopes, and what follows from them, one after the other, and collects what they change. */
export class TickWork implements Tick {
  readonly now: number;
  /** Whoever takes envelopes out of it. */
  readonly sift: Sift | undefined;
  /** As they were taken, without what followed from them. */
  readonly given: readonly Envelope[];
  /** Kinds that were told something. */
  readonly kinds = new Set<Kind>();
  readonly answers: Answered[] = [];
  /** A kind threw, and not the store. */
  hasThrown = false;
  readonly #life: Pick<Life, 'isOpen'>;
  readonly #taken: Envelope[];
  readonly #requests: RequestRecord[] = [];
  /** What these are decided by could not be read, and why: they are refused. */
  #unread: Map<Envelope, Error> | undefined;
  #present: Envelope | undefined;
  #held: Envelope | undefined;
  /** A transaction is open: nothing can be waited for. */
  #isOpen = false;
  #attempt: (write: OwnWrite) => void = refuseWrite;

  constructor(now: number, given: readonly Envelope[], sift: Sift | undefined, life: Pick<Life, 'isOpen'>) {
    this.now = now;
    this.sift = sift;
    this.given = given;
    this.#life = life;
    this.#taken = [...given];
  }

  /** Decides all of it. @param attempt runs a write in the transaction that is open @returns what is to be stored; undefined: nothing */
  decide(attempt?: (write: OwnWrite) => void): Answer<MutableBatch | undefined> {
    if (attempt) {
      this.#isOpen = true;
      this.#attempt = attempt;
    }
    const note = (error: unknown): never => {
      this.hasThrown = true;
      throw error;
    };
    try {
      const taking = this.#takeFrom(0);
      return taking instanceof Promise ? taking.then(() => this.#collect()).catch(note) : this.#collect();
    } catch (error) {
      return note(error);
    }
  }

  /** A store that answers at once takes no turn for what is read in between. By index: what follows in the course of the tick is taken in, too. */
  #takeFrom(first: number): Answer<void> {
    for (let index = first; index < this.#taken.length; index++) {
      const envelope = this.#taken[index] as Envelope;
      const { kind } = envelope;
      const reading = kind.load || kind.takesAlong ? this.#load(envelope) : undefined;
      if (reading instanceof Promise) return this.#goOnAfter(reading, envelope, index + 1);
      this.take(envelope);
    }
    return undefined;
  }

  #goOnAfter(reading: Promise<void>, envelope: Envelope, next: number): Promise<void> {
    if (this.#isOpen) {
      reading.catch(() => undefined);
      throw new FlowError('store_unsupported', 'Expected a store with transactions (`begin`) to answer at once, as the embedded ones do');
    }
    return reading.then(() => {
      // Of a loop that was given up the kinds may have begun anew.
      if (!this.#life.isOpen) throw new FlowError('runtime_stopped', 'The runtime ended while this was decided');
      this.take(envelope);
      return this.#takeFrom(next);
    });
  }

  /** Reads what an envelope, and what is taken along with it, is decided by. What cannot be read is refused; trouble of the store is thrown. */
  #load(envelope: Envelope): Answer<void> {
    const { kind, command } = envelope;
    // What it reads, it forgets with the tick, also when that is dropped.
    this.kinds.add(kind);
    let answer: Answer<void> = undefined;
    try {
      answer = kind.load?.(command, this.now);
      if (answer instanceof Promise) answer = answer.catch(error => this.#noteUnread(envelope, error));
    } catch (error) {
      this.#noteUnread(envelope, error);
    }
    for (const one of kind.takesAlong?.(command) ?? []) answer = chain(answer, () => this.#load(one));
    return answer;
  }

  #noteUnread(envelope: Envelope, error: unknown): void {
    if (!isFlowError(error) || isStoreTrouble(error)) throw error;
    (this.#unread ??= new Map()).set(envelope, error);
  }

  // for the kinds

  take(envelope: Envelope): unknown {
    const { kind, command, done, refused, request } = envelope;
    this.kinds.add(kind);
    this.#present = envelope;
    // One that was held before, in the same tick, may come again.
    if (this.#held === envelope) this.#held = undefined;
    const error = this.#unread?.get(envelope);
    const answer = error ? refuse(error) : kind.apply(command, this);
    if (this.#held === envelope) return undefined;
    if (done || refused) this.answers.push({ envelope, answer });
    if (request && answer !== false && !(answer instanceof Refusal)) this.#requests.push(toRequestRecord(request, answer, this.now));
    return answer;
  }

  post(envelope: Envelope): void {
    if (!this.sift?.takes(envelope)) this.#taken.push(envelope);
  }

  hold(): Envelope {
    return (this.#held = this.#present as Envelope);
  }

  attempt(write: OwnWrite): void {
    this.#attempt(write);
  }

  #collect(): MutableBatch | undefined {
    const batch = createBatch();
    let isEmpty = this.#requests.length === 0;
    for (const kind of this.kinds) if (kind.collect(batch, this.now)) isEmpty = false;
    if (this.#requests.length > 0) batch.requests = this.#requests;
    return isEmpty ? undefined : batch;
  }
}

/**
 * Reads, in one go for each kind that can, what a tick is decided by. What goes wrong here is told when the command's own turn comes.
 */
export function readAhead(given: readonly Envelope[]): Promise<unknown> | undefined {
  const byKind = new Map<Kind, unknown[]>();
  for (const { kind, command } of given) {
    if (!kind.readAhead) continue;
    const commands = byKind.get(kind);
    if (commands) commands.push(command);
    else byKind.set(kind, [command]);
  }
  const answers: Promise<unknown>[] = [];
  for (const [kind, commands] of byKind) {
    try {
      const answer = kind.readAhead?.(commands);
      if (answer instanceof Promise) answers.push(answer);
    } catch {
      continue;
    }
  }
  return answers.length === 0 ? undefined : Promise.allSettled(answers);
}

const toRequestRecord = ({ key, answer }: NamedRequest, given: unknown, at: number): RequestRecord =>
  ({ key, answer: JSON.stringify((answer === undefined ? given : answer) ?? null), at });

const refuseWrite = (): never => {
  throw new FlowError('writes_unsupported', 'Expected a store that takes a step\'s own writes (`onCommit`); this one does not');
};
