import type { FlowError } from '../core/errors.ts';

/** Whoever is at an end of a carrier. */
export interface CarrierEnd {
  /** A message came, as it was sent; not checked. */
  take(message: unknown): void;
  /** Something came that is no message; `isOver`: nothing more can be read. */
  refuse(error: FlowError, isOver: boolean): void;
  /** There is room again. */
  drained(): void;
  /** Called once, whichever end has closed it. */
  closed(cause: Error | undefined): void;
}

/** A message whose text was made before, once for many clients. */
export class ReadyMessage {
  readonly text: string;
  /** The text as a frame of a WebSocket, made when the first of its clients needs it. */
  frame: Uint8Array | undefined;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text of a message. */
export const toText = (message: object): string => (message instanceof ReadyMessage ? message.text : JSON.stringify(message));

/** Brings messages from one end of a connection to the other, in order, each once or not at all. */
export interface Carrier {
  /** Where it leads, for people. */
  readonly address: string;
  /** More was sent than the other end takes at the moment: wait for `drained`. */
  readonly isFull: boolean;
  /** Nothing is read before. */
  begin(end: CarrierEnd): void;
  /**
   * @param maxLength longest that it may be, characters of JSON; default: what the carrier can do
   * @throws a `FlowError` with code `request_too_large`, or `answer_too_large` without `maxLength`; nothing was sent then
   */
  send(message: object, maxLength?: number): void;
  /** Reads nothing until `resume`. */
  pause(): void;
  resume(): void;
  /** Closes when all that was sent has left. */
  close(): void;
  /** Closes at once: what the other end has not taken is lost. */
  destroy(): void;
}

/** Messages on their way between two ends of a pair, above which it is full. */
const maxWaiting = 1_000;

/** Two ends of a connection within one process: what is sent at one is taken at the other, in a later turn of the loop's microtasks. */
export function createPair(address = 'this process'): readonly [Carrier, Carrier] {
  const one = new PairEnd(address);
  const other = new PairEnd(address);
  one.other = other;
  other.other = one;
  return [one, other];
}

class PairEnd implements Carrier {
  readonly address: string;
  other: PairEnd | undefined;
  #end: CarrierEnd | undefined;
  #inbox: object[] = [];
  #paused = false;
  #armed = false;
  #closing = false;
  #closed = false;

  constructor(address: string) {
    this.address = address;
  }

  get isFull(): boolean {
    return (this.other?.waiting ?? 0) > maxWaiting;
  }

  get waiting(): number {
    return this.#inbox.length;
  }

  begin(end: CarrierEnd): void {
    this.#end = end;
    this.#arm();
  }

  send(message: object): void {
    const plain = message instanceof ReadyMessage ? (JSON.parse(message.text) as object) : message;
    if (!this.#closing && !this.#closed) this.other?.deliver(plain);
  }

  deliver(message: object): void {
    if (this.#closed) return;
    this.#inbox.push(message);
    this.#arm();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#arm();
  }

  close(): void {
    if (this.#closing || this.#closed) return;
    this.#closing = true;
    this.other?.end();
    queueMicrotask(() => this.#finish());
  }

  destroy(): void {
    this.close();
    this.#finish();
  }

  /** The other end has closed: what it sent before is still taken. */
  end(): void {
    this.#closing = true;
    this.#arm();
  }

  #arm(): void {
    if (this.#armed || !this.#end || this.#closed) return;
    this.#armed = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    this.#armed = false;
    const wasFull = this.#inbox.length > maxWaiting;
    // Whoever has closed does not listen either.
    while (this.#inbox.length > 0 && !this.#paused && !this.#closed) this.#end?.take(this.#inbox.shift());
    if (wasFull && this.#inbox.length <= maxWaiting) this.other?.noteRoom();
    if (this.#closing && this.#inbox.length === 0) this.#finish();
  }

  noteRoom(): void {
    if (!this.#closed) this.#end?.drained();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox = [];
    this.#end?.closed(undefined);
  }
}
