import type { ClientConnectionContext, ClientConnectionEvent, ClientConnectionInput } from '../../machines/client-connection.ts';
import { clientConnectionMachine } from '../../machines/client-connection.ts';
import type { Clock } from '../core/clock.ts';
import { setDeadline } from '../core/clock.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import type { Random } from '../core/ids.ts';
import { createRandomId } from '../core/ids.ts';
import type { Logger } from '../core/logger.ts';
import type { Snapshot } from '../core/machine-runner.ts';
import { compileMachine } from '../core/machine-runner.ts';
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
  /** By what right it comes; asked at each connection, since tokens expire. */
  readonly token?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Longest time that a request waits for an owner and its answer, ms. Default: as long as it takes. */
  readonly timeoutMs?: number | undefined;
  /** Whether it is worth looking again after this error. Default: when there is no owner yet, or it is about to go. */
  readonly passes?: (error: unknown) => boolean;
  /** Whether no owner is looked for any more after this error, until somebody calls `seek`. Default: never. */
  readonly givesUp?: (error: unknown) => boolean;
  /** Waits between two looks for an owner. Default: 10 to 500 ms. */
  readonly waits?: ClientConnectionInput | undefined;
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

/** Where a client's connection stands: a state of `machines/client-connection.ts`. */
export type ConnectionSnapshot = Snapshot<ClientConnectionContext>;

const nearWaits: ClientConnectionInput = { leastWaitMs: 10, mostWaitMs: 500, growth: 1.5 };
const runner = compileMachine<ClientConnectionContext, ClientConnectionEvent, ClientConnectionInput>(clientConnectionMachine);

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
  readonly #watchers = new Set<(snapshot: ConnectionSnapshot) => void>();
  #snapshot: ConnectionSnapshot;
  #connection: OwnerConnection | undefined;
  #timer: unknown;
  #waiting: (() => void)[] = [];
  #closed: FlowError | undefined;
  /** Why the last look for an owner was in vain. */
  #lastError: unknown;
  /** Somebody waits for the first connection: it is told what is in the way, and the log is not. */
  #isBeginning = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#snapshot = runner.initial(options.waits ?? nearWaits);
  }

  get connection(): OwnerConnection | undefined {
    return this.#connection;
  }

  get snapshot(): ConnectionSnapshot {
    return this.#snapshot;
  }

  /** Calls back at each change of the connection's state. Returns what ends that. */
  watch(watcher: (snapshot: ConnectionSnapshot) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Looks for an owner, unless it does already. */
  seek(): void {
    this.#move({ type: 'connection.seek' });
  }

  /**
   * Looks for an owner; resolves when it is connected.
   *
   * @param timeoutMs longest wait, ms
   * @throws what cannot be helped by waiting, and after `timeoutMs` why it could not
   */
  async begin(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { clock } = this.#options;
    const begin = clock.now();
    this.#isBeginning = true;
    this.#lastError = undefined;
    try {
      this.seek();
      while (!this.#connection && !this.#closed) {
        await new Promise<void>(resolve => this.#waiting.push(resolve));
        if (this.#connection || this.#closed || this.#lastError === undefined) continue;
        if (this.#passes(this.#lastError) && clock.now() - begin < timeoutMs) continue;
        this.#move({ type: 'connection.rest' });
        throw this.#lastError;
      }
    } finally {
      this.#isBeginning = false;
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

  /**
   * Opens a further connection to the present owner: the caller's, who closes it. It is not made anew when it ends.
   *
   * @throws what is in the way
   */
  async openApart(): Promise<OwnerConnection> {
    const { open, connection, token } = this.#options;
    const right = token && { token: await token() };
    return OwnerConnection.open(await open(), { ...connection, ...right });
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
    else this.seek();
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
    this.#move({ type: 'connection.close' });
    this.#wake();
  }

  // finding the owner

  /** Moves the machine, and does what it decides. */
  #move(event: ClientConnectionEvent): void {
    const effects: string[] = [];
    const before = this.#snapshot;
    this.#snapshot = runner.transition(before, event, effects);
    if (this.#snapshot === before) return;
    for (const effect of effects) {
      if (effect === 'connect') void this.#connect();
      else if (effect === 'wait') this.#timer = this.#options.clock.setTimer(() => this.#move({ type: 'timer.fired' }), this.#snapshot.context.waitMs ?? 0);
      else if (effect === 'unwait') this.#options.clock.clearTimer(this.#timer);
      else this.#hangUp();
    }
    for (const watcher of this.#watchers) watcher(this.#snapshot);
  }

  #hangUp(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    for (const followed of this.#followed) followed.open = undefined;
    connection?.close();
  }

  /** Never rejects. */
  async #connect(): Promise<void> {
    const { open, connection: options, token } = this.#options;
    try {
      const right = token && { token: await token() };
      const carrier = await open();
      this.#move({ type: 'carrier.opened' });
      const connection = await OwnerConnection.open(carrier, { ...options, ...right });
      // It was closed, or nobody wants it any more.
      if (this.#snapshot.value !== 'greeting') return connection.close();
      this.#connection = connection;
      this.#lastError = undefined;
      this.#move({ type: 'owner.welcomed' });
      for (const followed of this.#followed) this.#subscribe(followed, connection);
      for (const listener of this.#listeners) listener();
      connection.onEnd(failure => {
        if (this.#connection === connection) this.#lose(failure);
      });
    } catch (error) {
      if (!this.#closed) this.#lose(error);
    }
    this.#wake();
  }

  #lose(error: unknown): void {
    this.#lastError = error;
    const { givesUp, logger, random } = this.#options;
    const code = isFlowError(error) ? error.code : 'owner_unreachable';
    const retryAfterMs = isFlowError(error) ? error.details?.['retryAfterMs'] : undefined;
    if (!this.#isBeginning && !this.#passes(error)) logger.error({ err: error }, 'the owner of the database could not be reached; it is tried again');
    if (givesUp?.(error)) return this.#move({ type: 'connection.refused', code });
    this.#move({ type: 'connection.lost', code, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null, random: random.next() });
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

  #passes(error: unknown): boolean {
    return (this.#options.passes ?? isPassing)(error);
  }

  async #wait(timeoutMs: number | undefined): Promise<OwnerConnection> {
    let isOver = false;
    let isRefused = false;
    const dropTimeout = timeoutMs === undefined ? undefined : setDeadline(this.#options.clock, timeoutMs, () => {
      isOver = true;
      this.#wake();
    });
    try {
      while (!this.#connection) {
        if (this.#closed) throw this.#closed;
        if (isOver) throw this.#lastError ?? new FlowError('owner_unreachable', `Expected an owner of the database within ${timeoutMs} ms, found none`);
        if (isRefused) throw this.#lastError;
        this.seek();
        await new Promise<void>(resolve => this.#waiting.push(resolve));
        isRefused = this.#snapshot.value === 'refused';
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
