import { FlowError } from '../core/errors.ts';
import type { Carrier, CarrierEnd } from './carrier.ts';
import { toText } from './carrier.ts';
import { maxSentLength, requireLength } from './message-length.ts';

/** What comes out of a port. */
export interface PortTaker {
  /** Not checked: whoever is at the other end may send anything. */
  text(text: unknown): void;
  /** Nothing comes any more. */
  closed(cause?: Error): void;
}

/** Brings texts to its other end and back, in order: a port of a browser, a worker or Electron, or one of many over a pipe. */
export interface Port {
  post(text: string): void;
  /** Called once; nothing is read before. */
  listen(taker: PortTaker): void;
  close(): void;
}

/** Characters on their way, or taken and not yet acknowledged, above which nothing more is sent. */
const portWindow = 4 * 1_024 * 1_024;
/** Characters after which the other end is told that they were taken. */
const acknowledgeEvery = portWindow / 16;
/** The last text of an end. */
const over = 'null';
const isCount = /^[1-9]\d{0,14}$/;

/**
 * A connection over a port. A text is a message as JSON, or a number: so many characters were taken; or `null`: that was all.
 *
 * Ports take whatever is posted and keep it until it is read, in the other end's memory: so each end counts what the other has
 * taken, keeps the rest itself, and hangs up on one that does not.
 */
export class PortCarrier implements Carrier {
  readonly address: string;
  readonly #port: Port;
  readonly #maxLength: number;
  #end: CarrierEnd | undefined;
  /** Waits to be sent. */
  #outbox: string[] = [];
  #waiting = 0;
  /** Sent, and not acknowledged. */
  #underway = 0;
  /** Came, and waits to be taken. */
  #inbox: string[] = [];
  /** Came since the last acknowledgement, and how much of it was taken. */
  #came = 0;
  #taken = 0;
  #isPaused = false;
  #isTaking = false;
  #isClosing = false;
  /** The other end has said that it has nothing more. */
  #isOver = false;
  #isClosed = false;

  /** @param maxLength longest message that it takes, characters */
  constructor(port: Port, address: string, maxLength = maxSentLength) {
    this.#port = port;
    this.address = address;
    this.#maxLength = maxLength;
  }

  get isFull(): boolean {
    return this.#underway + this.#waiting > portWindow;
  }

  begin(end: CarrierEnd): void {
    this.#end = end;
    this.#port.listen({ text: text => this.#receive(text), closed: cause => this.#endOfPort(cause) });
  }

  send(message: object, maxLength?: number): void {
    if (this.#isClosing || this.#isClosed) return;
    const text = requireLength(toText(message), maxLength);
    this.#outbox.push(text);
    this.#waiting += text.length;
    this.#flush();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#take();
  }

  close(): void {
    if (this.#isClosing || this.#isClosed) return;
    this.#isClosing = true;
    // Whoever leaves reads on, so that acknowledgements are seen.
    this.resume();
    this.#flush();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#outbox = [];
    this.#isClosing = true;
    this.#flush();
  }

  #flush(): void {
    let next = 0;
    while (next < this.#outbox.length && this.#underway < portWindow) {
      const text = this.#outbox[next++] as string;
      this.#underway += text.length;
      this.#waiting -= text.length;
      this.#port.post(text);
    }
    if (next > 0) this.#outbox = this.#outbox.slice(next);
    if (!this.#isClosing || this.#outbox.length > 0) return;
    this.#port.post(over);
    queueMicrotask(() => this.#finish(undefined));
  }

  #receive(text: unknown): void {
    if (this.#isClosed) return;
    if (typeof text !== 'string') return this.#end?.refuse(new FlowError('message_invalid', 'Expected a message as JSON text, got something else'), false);
    if (isCount.test(text)) return this.#acknowledged(Number(text));
    if (this.#isOver) return;
    if (text === over) {
      this.#isOver = true;
      return this.#take();
    }
    // Its sender counts, too: one that has not waited is none of ours.
    if (this.#came >= portWindow) return this.#hangUp('request_too_large', `Expected a client that waits until ${portWindow} characters were taken, got one that sends on`);
    if (text.length > this.#maxLength) return this.#hangUp('request_too_large', `Expected messages of at most ${this.#maxLength} characters, got a longer one`);
    this.#came += text.length;
    this.#inbox.push(text);
    if (!this.#isPaused) this.#take();
  }

  #acknowledged(count: number): void {
    const wasFull = this.isFull;
    this.#underway = Math.max(0, this.#underway - count);
    this.#flush();
    if (wasFull && !this.isFull) this.#end?.drained();
  }

  #take(): void {
    // Whoever takes a message may pause, resume and close: the round that is under way goes on.
    if (this.#isTaking) return;
    this.#isTaking = true;
    while (this.#inbox.length > 0 && !this.#isPaused && !this.#isClosing) this.#takeOne(this.#inbox.shift() as string);
    this.#isTaking = false;
    if (this.#isOver && this.#inbox.length === 0) this.#finish(undefined);
  }

  #takeOne(text: string): void {
    this.#taken += text.length;
    if (this.#taken >= acknowledgeEvery && !this.#isOver) {
      this.#port.post(String(this.#taken));
      this.#came -= this.#taken;
      this.#taken = 0;
    }
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (cause) {
      return this.#end?.refuse(new FlowError('message_invalid', 'Expected a message as JSON, got something else', { cause }), false);
    }
    this.#end?.take(message);
  }

  #hangUp(code: string, text: string): void {
    this.#end?.refuse(new FlowError(code, text), true);
    this.destroy();
  }

  /** The port is gone without a word: what had come is still taken. */
  #endOfPort(cause: Error | undefined): void {
    this.#isPaused = false;
    this.#take();
    this.#finish(cause);
  }

  #finish(cause: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outbox = [];
    this.#inbox = [];
    this.#port.close();
    const end = this.#end;
    this.#end = undefined;
    end?.closed(cause);
  }
}
