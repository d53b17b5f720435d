import type { Clock } from '../core/clock.ts';
import { setDeadline, systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Carrier, CarrierEnd } from './carrier.ts';
import type { Beat } from './heartbeat.ts';
import { Heartbeat, realBeat } from './heartbeat.ts';
import type { ClientMessage, Message, OwnerMessage } from './protocol.ts';
import { protocolVersions, readMessage } from './protocol.ts';

export interface ConnectionOptions {
  readonly clock?: Clock | undefined;
  /** Longest wait for the welcome, ms. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  readonly token?: string | undefined;
  readonly beat?: Beat | undefined;
  /** Versions of the protocol that it says it speaks. Default: those it does. */
  readonly versions?: readonly number[] | undefined;
}

export interface RequestOptions {
  /** Names what is asked for, so that it is done once however often it is sent. */
  readonly key?: string | undefined;
  /** It was sent before. */
  readonly again?: boolean | undefined;
  /** Longest wait for the answer, ms. Default: as long as the connection lasts. */
  readonly timeoutMs?: number | undefined;
}

export interface SubscribeOptions {
  readonly params: Record<string, unknown>;
  readonly after?: string | undefined;
  readonly credit: number;
}

/** What comes of a subscription. Each snapshot and each commit has used one credit. */
export interface Subscriber {
  snapshot(message: Message<'snapshot'>): void;
  commit(message: Message<'commit'>): void;
  volatile?(message: Message<'volatile'>): void;
  /** It has ended, and not by the client's wish. */
  ended(error: FlowError): void;
}

export interface OpenSubscription {
  credit(more: number): void;
  close(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FlowError) => void;
  readonly dropTimeout: () => void;
}

const isOlderAnswer = (value: unknown): boolean => typeof value === 'object' && value !== null && 'error' in value && !('type' in value);
const nothing = (): void => {};

/** The client's end of one connection, over any carrier. What is asked in one turn of the event loop goes out at once. */
export class OwnerConnection implements CarrierEnd {
  readonly #carrier: Carrier;
  readonly #clock: Clock;
  readonly #heartbeat: Heartbeat;
  readonly #waiting = new Map<number, Waiting>();
  readonly #subscribers = new Map<number, Subscriber>();
  readonly #greeted = Promise.withResolvers<Message<'welcome'>>();
  #welcome: Message<'welcome'> | undefined;
  #lastId = 0;
  #failure: FlowError | undefined;
  #listeners: ((failure: FlowError) => void)[] = [];

  private constructor(carrier: Carrier, clock: Clock, beat: Beat) {
    this.#carrier = carrier;
    this.#clock = clock;
    this.#heartbeat = new Heartbeat(beat, () => this.#send({ type: 'ping' }), () => this.#fail(this.#createSilence('nothing came for too long')));
    this.#greeted.promise.catch(nothing);
    carrier.begin(this);
  }

  /**
   * Says hello over a carrier that is open.
   *
   * @throws a `FlowError` with code `owner_silent`, `version_unsupported`, or the one with which the owner said goodbye
   */
  static async open(carrier: Carrier, options: ConnectionOptions = {}): Promise<OwnerConnection> {
    const { clock = systemClock, timeoutMs = 10_000, token, beat = realBeat, versions = protocolVersions } = options;
    const connection = new OwnerConnection(carrier, clock, beat);
    const dropTimeout = setDeadline(clock, timeoutMs, () => connection.#fail(connection.#createSilence(`nothing came within ${timeoutMs} ms`)));
    connection.#send({ type: 'hello', versions: [...versions], ...(token !== undefined && { token }) });
    try {
      await connection.#greeted.promise;
      // It may have ended right behind its answer.
      if (connection.#failure) throw connection.#failure;
      return connection;
    } finally {
      dropTimeout();
    }
  }

  get welcome(): Message<'welcome'> {
    if (!this.#welcome) throw new TypeError('Expected a connection that was opened');
    return this.#welcome;
  }

  /** Why it is over; undefined: it is open. */
  get failure(): FlowError | undefined {
    return this.#failure;
  }

  /** Calls back once when it is over; at once when it is. */
  onEnd(listener: (failure: FlowError) => void): void {
    if (this.#failure) listener(this.#failure);
    else this.#listeners.push(listener);
  }

  /**
   * Asks for something to be done.
   *
   * @throws the owner's own `FlowError`, or `owner_silent` when no answer came: then it is not known whether it was done
   */
  request(method: string, params: Record<string, unknown>, { key, again, timeoutMs }: RequestOptions = {}): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const { maxLength } = this.welcome;
      const dropTimeout = timeoutMs === undefined ? nothing : setDeadline(this.#clock, timeoutMs, () => this.#settle(id)?.reject(this.#createSilence(`nothing came within ${timeoutMs} ms`)));
      this.#waiting.set(id, { resolve, reject, dropTimeout });
      try {
        this.#send({ type: 'request', id, method, params, ...(key !== undefined && { key }), ...(again && { again }) }, maxLength);
      } catch (error) {
        this.#settle(id)?.reject(error as FlowError);
      }
    });
  }

  subscribe(topic: string, { params, after, credit }: SubscribeOptions, subscriber: Subscriber): OpenSubscription {
    const id = ++this.#lastId;
    this.#subscribers.set(id, subscriber);
    this.#send({ type: 'subscribe', id, topic, params, credit, ...(after !== undefined && { after }) });
    return {
      credit: more => {
        if (this.#subscribers.has(id)) this.#send({ type: 'credit', id, more });
      },
      close: () => {
        if (this.#subscribers.delete(id)) this.#send({ type: 'unsubscribe', id });
      },
    };
  }

  /** Says goodbye; requests that have no answer yet fail. */
  close(): void {
    if (this.#failure) return;
    this.#send({ type: 'goodbye', code: 'client_closed', retryAfterMs: null });
    this.#fail(this.#createSilence('the connection was closed here'));
  }

  // what comes

  take(value: unknown): void {
    if (this.#failure) return;
    this.#heartbeat.note();
    if (!this.#welcome && isOlderAnswer(value)) return this.#fail(this.#createOlder());
    let message: OwnerMessage;
    try {
      message = readMessage(value, 'owner') as OwnerMessage;
    } catch (error) {
      return this.#fail(this.#createSilence('what came was not an answer', error));
    }
    switch (message.type) {
      case 'welcome':
        this.#welcome = message;
        return this.#greeted.resolve(message);
      case 'ping':
        return this.#send({ type: 'pong' });
      case 'pong':
        return;
      case 'goodbye':
        return this.#fail(this.#welcome ? this.#createSilence(`it said goodbye: ${message.message ?? message.code}`, undefined, message.retryAfterMs) : this.#toError(message));
      case 'result':
        return this.#settle(message.id)?.resolve(message.value);
      case 'error':
        return this.#refuse(message);
      default: {
        const subscriber = this.#subscribers.get(message.id);
        if (message.type === 'snapshot') subscriber?.snapshot(message);
        else if (message.type === 'commit') subscriber?.commit(message);
        else subscriber?.volatile?.(message);
      }
    }
  }

  refuse(error: FlowError): void {
    this.#fail(this.#createSilence('what came was not an answer', error));
  }

  drained(): void {}

  closed(cause: Error | undefined): void {
    this.#fail(this.#createSilence('the connection ended', cause));
  }

  #refuse(message: Message<'error'>): void {
    const error = this.#toError(message);
    if (message.id === null) return this.#fail(error);
    const waiting = this.#settle(message.id);
    if (waiting) return waiting.reject(error);
    const subscriber = this.#subscribers.get(message.id);
    this.#subscribers.delete(message.id);
    subscriber?.ended(error);
  }

  #toError({ code, message = `The owner of the database at ${this.#carrier.address} said goodbye`, ...rest }: Message<'error' | 'goodbye'>): FlowError {
    const details = 'details' in rest ? rest.details : 'retryAfterMs' in rest ? { retryAfterMs: rest.retryAfterMs } : undefined;
    return new FlowError(code, message, details ? { details } : {});
  }

  #send(message: ClientMessage, maxLength?: number): void {
    if (!this.#failure) this.#carrier.send(message, maxLength);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    waiting?.dropTimeout();
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(failure: FlowError): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#heartbeat.stop();
    this.#greeted.reject(failure);
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(failure);
    const subscribers = [...this.#subscribers.values()];
    this.#subscribers.clear();
    this.#carrier.close();
    for (const subscriber of subscribers) subscriber.ended(failure);
    for (const listener of this.#listeners.splice(0)) listener(failure);
  }

  #createSilence(why: string, cause?: unknown, retryAfterMs?: number | null): FlowError {
    const { address } = this.#carrier;
    return new FlowError('owner_silent', `Expected an answer from the owner of the database at ${address}, but ${why}. Look whether it was done before asking again`, {
      cause,
      details: { address, ...(typeof retryAfterMs === 'number' && { retryAfterMs }) },
    });
  }

  #createOlder(): FlowError {
    const { address } = this.#carrier;
    return new FlowError('version_unsupported', `Expected the owner of the database at ${address} to speak version ${protocolVersions.join(' or ')} of the protocol, but it runs an older Flowstone. Stop it, or use its version`, {
      details: { address },
    });
  }
}
