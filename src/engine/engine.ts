import { setImmediate as defer } from 'node:timers';
import type { OwnerRecord } from '../../persistence/records.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { DueTimes } from './due.ts';
import type { Feed } from './feed/feed.ts';
import type { Envelope, Kind } from './kind.ts';
import { Loop } from './loop.ts';
import { Progress } from './progress.ts';
import type { Sift } from './sift.ts';

export interface EngineOptions {
  readonly store: Records;
  readonly owner: OwnerRecord;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly feed: Feed;
}

/** Longest a stop waits until what it gives back is stored, ms. */
const releaseMs = 5_000;

/** Kinds of actors through the lives of one runtime: from a beginning to its end or fault, and through restarts. */
export class Engine {
  readonly store: Records;
  readonly owner: OwnerRecord;
  readonly feed: Feed;
  readonly due: DueTimes;
  status: 'running' | 'stopping' | 'stopped' | 'faulted' = 'running';
  /** Why it stands still. */
  error: Error | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #kinds: Kind[] = [];
  readonly #progress: Progress;
  #loop: Loop;
  #sift: Sift | undefined;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  constructor({ store, owner, clock, logger, feed }: EngineOptions) {
    this.store = store;
    this.owner = owner;
    this.feed = feed;
    this.due = new DueTimes(clock);
    this.#clock = clock;
    this.#logger = logger;
    this.#progress = new Progress(clock);
    this.#loop = this.#createLoop();
  }

  #createLoop(): Loop {
    const loop: Loop = new Loop({
      store: this.store, clock: this.#clock, due: this.due, defer,
      ticked: () => {
        if (this.#loop !== loop) return;
        this.progressed();
        if (this.feed.isFollowed) this.feed.wake();
      },
      // What belongs to a loop that was given up says nothing about the present one.
      fault: error => this.#loop === loop && this.fault(error),
    });
    loop.sift = this.#sift;
    return loop;
  }

  /** Whoever takes envelopes out of ticks; undefined: nobody does. */
  get sift(): Sift | undefined {
    return this.#sift;
  }

  set sift(sift: Sift | undefined) {
    this.#sift = sift;
    this.#loop.sift = sift;
  }

  get kinds(): readonly Kind[] {
    return this.#kinds;
  }

  /** Tells kinds before everything that waits for a tick. */
  postFirst(envelopes: readonly Envelope[]): void {
    this.#loop.postFirst(envelopes);
  }

  /** To be called before it begins. */
  add(kind: Kind): void {
    this.#kinds.push(kind);
  }

  /** Something was done: a stop that waits looks again. */
  readonly progressed = (): void => {
    if (this.status === 'stopping') this.#progress.note();
  };

  /** Begins a life of all kinds. */
  async begin(lastKey: number): Promise<void> {
    const life = this.#loop;
    life.lastKey = lastKey;
    const begun: (() => void)[] = [];
    for (const kind of this.#kinds) {
      const goOn = await kind.begin(life);
      if (goOn) begun.push(goOn);
    }
    for (const goOn of begun) goOn();
  }

  requireRunning(): void {
    if (this.status === 'running') return;
    if (this.status === 'faulted') {
      throw new FlowError('runtime_faulted', `The runtime stands still since a commit failed: ${this.error?.message}. Call \`restart()\` when the cause is gone`, { cause: this.error });
    }
    throw new FlowError('runtime_stopped', 'Expected a running runtime, this one was stopped');
  }

  /** Fail-stop: memory may be ahead of the store, so nothing of it is used any more. */
  fault(error: Error): void {
    if (this.status === 'faulted' || this.status === 'stopped') return;
    this.#logger.error({ err: error }, 'the runtime stands still; nothing of the failed commit was acted on');
    this.status = 'faulted';
    this.error = error;
    this.#end(error);
    this.feed.end(error);
  }

  #end(error: Error): void {
    this.due.clear();
    this.#sift?.close(error);
    for (const kind of this.#kinds) kind.halt('end', error);
    this.#loop.close(error);
  }

  restart(): Promise<void> {
    return (this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined)));
  }

  async #restart(): Promise<void> {
    if (this.status !== 'faulted') throw new FlowError('runtime_running', `Expected a faulted runtime to restart, this one is ${this.status}`);
    const lastKey = await this.store.acquire(this.owner);
    this.#loop = this.#createLoop();
    this.status = 'running';
    this.error = undefined;
    this.feed.begin();
    await this.begin(lastKey);
  }

  /** @param timeoutMs how long handlers that run may go on */
  stop(timeoutMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(timeoutMs));
  }

  async #stop(timeoutMs: number): Promise<void> {
    const stopped = new FlowError('runtime_stopped', 'The runtime was stopped');
    const faulted = this.status === 'faulted';
    this.status = 'stopping';
    this.due.clear();
    if (!faulted) {
      // What was held is stored, and what that leads to is given back.
      this.#sift?.letAll();
      for (const kind of this.#kinds) kind.halt('drain', stopped);
      await this.#progress.waitFor(() => this.#loop.idle && this.#kinds.every(({ idle }) => idle), timeoutMs);
      for (const kind of this.#kinds) kind.halt('release', stopped);
      await this.#progress.waitFor(() => this.#loop.idle, Math.max(timeoutMs, releaseMs));
    }
    this.status = 'stopped';
    this.#end(stopped);
    this.feed.end();
    await this.feed.drain();
    await this.store.close();
  }
}
