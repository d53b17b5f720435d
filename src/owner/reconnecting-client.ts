import type { Clock } from '../core/clock.ts';
import { setDeadline } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { Random } from '../core/ids.ts';
import { createRandomId } from '../core/ids.ts';
import type { Logger } from '../core/logger.ts';
import type { Carrier } from './carrier.ts';
import type { ConnectionOptions, OpenSubscription, Subscriber } from './owner-connection.ts';
import { OwnerConnection } from './owner-connection.ts';

export interface ClientOptions {
  /** Connects to whoever owns the database now. Called again and again until it can. */
  readonly open: () => Promise<Carrier>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly connection?: ConnectionOptions;
  /** Longest time that a request waits for an owner and its answer, ms. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Whether it is worth looking again after this error. Default: when there is no owner yet, or it is about to go. */
  readonly passes?: (error: unknown) => boolean;
}

export interface FollowOptions {
  readonly topic: string;
  /** Asked for anew at each connection. */
  readonly params: () => Record<string, unknown>;
  /** Asked at each connection, too. */
  readonly credit: () => number;
  /** Where to go on from, asked at each connection; undefined: from now on. */
  readonly after: () => string | undefined;
}

/** Waits between two looks for an owner, ms. */
const leastWaitMs = 10;
const mostWaitMs = 500;

const cutOff = ['owner_silent', 'owner_unreachable', 'runtime_stopped', 'runtime_faulted', 'owner_stopping', 'store_closed', 'stale_owner', 'commit_failed'];
/** Whether an error leaves open what became of a request: the next owner knows. */
export const isCutOff = (error: unknown): error is FlowError => cutOff.some(code => isFlowError(error, code));
const isPassing = (error: unknown): boolean => isCutOff(error) || isFlowError(error, 'owner_busy');

/**
 * A client that outlives owners: it connects to whoever owns the database, asks again what has no answer, with the same
 * key, and goes on following where it was.
 */
export class ReconnectingClient {
  readonly #options: ClientOptions;
  readonly #followed = new Set<{ readonly options: FollowOptions; readonly subscriber: Subscriber; open: OpenSubscription | undefined }>();
  readonly #listeners = new Set<() => void>();
  #connection: OwnerConnection | undefined;
  #isSeeking = false;
  #waiting: (() => void)[] = [];
  #closed: FlowError | undefined;
  /** Why the last look for an owner was in vain. */
  #lastError: unknown;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get connection(): OwnerConnection | undefined {
    return this.#connection;
  }

  /**
   * Looks for an owner; resolves when it is connected.
   *
   * @param timeoutMs longest wait, ms
   * @throws what cannot be helped by waiting, and after `timeoutMs` why it could not
   */
  begin(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#isSeeking = true;
    return this.#begin(timeoutMs).finally(() => (this.#isSeeking = false));
  }

  async #begin(timeoutMs: number): Promise<void> {
    const { clock } = this.#options;
    const begin = clock.now();
    for (let waitMs = leastWaitMs; !this.#closed; waitMs = Math.min(waitMs * 1.5, mostWaitMs)) {
      try {
        return await this.#connect();
      } catch (error) {
        if (!this.#passes(error) || clock.now() - begin >= timeoutMs) throw error;
      }
      await this.#pause(waitMs);
    }
  }

  /** Calls back at each connection, before anything else is asked there. Returns what ends that. */
  onConnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks until somebody has answered.
   *
   * @param key names the request; left out: one is made
   * @throws the owner's own `FlowError`; `owner_unreachable` or `owner_silent` after `timeoutMs`
   */
  async request(method: string, params: Record<string, unknown>, key = createRandomId()): Promise<unknown> {
    const { clock, timeoutMs } = this.#options;
    const begin = clock.now();
    for (let again = false; ; ) {
      const left = timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (clock.now() - begin));
      const connection = this.#connection ?? (await this.#wait(left));
      try {
        return await connection.request(method, params, { key, again, ...(left !== undefined && { timeoutMs: left }) });
      } catch (error) {
        const isOver = timeoutMs !== undefined && clock.now() - begin >= timeoutMs;
        if (!isCutOff(error) || isOver) throw error;
        if (this.#closed) throw this.#closed;
        again = true;
        // An owner that could not do what it was asked for is left, and looked for anew.
        connection.close();
      }
    }
  }

  /** As `request`, once, at the present owner; nothing happens when there is none. */
  tell(method: string, params: Record<string, unknown>): void {
    // What is lost with the connection is asked anew at the next owner.
    this.#connection?.request(method, params).catch(() => {});
  }

  /** Follows a topic, through all owners. Returns what gives credit and what ends it. */
  follow(options: FollowOptions, subscriber: Subscriber): OpenSubscription {
    const followed = { options, subscriber, open: undefined as OpenSubscription | undefined };
    this.#followed.add(followed);
    if (this.#connection) this.#subscribe(followed, this.#connection);
    else this.#seek();
    return {
      credit: more => followed.open?.credit(more),
      close: () => {
        this.#followed.delete(followed);
        followed.open?.close();
      },
    };
  }

  /** Ends it: what waits for an answer fails with the error. */
  close(error: FlowError): void {
    if (this.#closed) return;
    this.#closed = error;
    for (const { open } of this.#followed) open?.close();
    for (const { subscriber } of this.#followed) subscriber.ended(error);
    this.#followed.clear();
    this.#connection?.close();
    this.#wake();
  }

  // finding the owner

  async #connect(): Promise<void> {
    const { open, connection: options } = this.#options;
    const carrier = await open();
    const connection = await OwnerConnection.open(carrier, options);
    if (this.#closed) return connection.close();
    this.#connection = connection;
    for (const followed of this.#followed) this.#subscribe(followed, connection);
    for (const listener of this.#listeners) listener();
    connection.onEnd(() => {
      this.#connection = undefined;
      for (const followed of this.#followed) followed.open = undefined;
      if (!this.#closed) this.#seek();
    });
    this.#wake();
  }

  #subscribe(followed: { readonly options: FollowOptions; readonly subscriber: Subscriber; open: OpenSubscription | undefined }, connection: OwnerConnection): void {
    const { options: { topic, params, credit, after }, subscriber } = followed;
    const place = after();
    followed.open = connection.subscribe(topic, { params: params(), credit: credit(), ...(place !== undefined && { after: place }) }, {
      ...subscriber,
      snapshot: message => subscriber.snapshot(message),
      commit: message => subscriber.commit(message),
      ended: error => {
        followed.open = undefined;
        // The connection has ended with it, or is about to: the next one goes on.
        if (isCutOff(error)) return connection.close();
        this.#followed.delete(followed);
        subscriber.ended(error);
      },
    });
  }

  #seek(): void {
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    void this.#look().finally(() => {
      this.#isSeeking = false;
      // It has ended again meanwhile.
      if (!this.#connection && !this.#closed) this.#seek();
    });
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    for (let waitMs = leastWaitMs; !this.#closed && !this.#connection; waitMs = Math.min(waitMs * 1.5, mostWaitMs)) {
      try {
        await this.#connect();
      } catch (error) {
        this.#lastError = error;
        if (!this.#passes(error)) this.#options.logger.error({ err: error }, 'the owner of the database could not be reached; it is tried again');
        await this.#pause(waitMs);
      }
    }
  }

  #passes(error: unknown): boolean {
    return (this.#options.passes ?? isPassing)(error);
  }

  #pause(waitMs: number): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise(resolve => void clock.setTimer(resolve, Math.ceil(waitMs * (0.5 + random.next() / 2))));
  }

  async #wait(timeoutMs: number | undefined): Promise<OwnerConnection> {
    let isOver = false;
    const dropTimeout = timeoutMs === undefined ? undefined : setDeadline(this.#options.clock, timeoutMs, () => {
      isOver = true;
      this.#wake();
    });
    try {
      while (!this.#connection) {
        if (this.#closed) throw this.#closed;
        if (isOver) throw this.#lastError ?? new FlowError('owner_unreachable', `Expected an owner of the database within ${timeoutMs} ms, found none`);
        this.#seek();
        await new Promise<void>(resolve => this.#waiting.push(resolve));
      }
      return this.#connection;
    } finally {
      dropTimeout?.();
    }
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
