import type { Clock } from '../core/clock.ts';
import { setDeadline } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Carrier, CarrierEnd } from '../owner/carrier.ts';
import type { CloseCode } from '../owner/close-codes.ts';
import { closeCodes } from '../owner/close-codes.ts';

/** Bytes that wait to be taken by the other end, above which it is full. */
const maxUnsent = 4 * 1_024 * 1_024;
/** A browser does not say when there is room again: looked at so often while there is none, ms. */
const lookMs = 50;

/** The client's end of a WebSocket: the one of browsers, which Node.js has, too. A message is a text. */
class WebSocketCarrier implements Carrier {
  readonly address: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  #end: CarrierEnd | undefined;
  /** Came before anybody listened, or while nobody does: a browser's socket cannot be told to wait. */
  #inbox: unknown[] = [];
  #isPaused = false;
  #isLooking = false;
  #cause: Error | undefined;
  #isClosed = false;

  /** @param socket open, and with nothing read from it yet */
  constructor(socket: WebSocket, address: string, clock: Clock) {
    this.address = address;
    this.#socket = socket;
    this.#clock = clock;
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', ({ code }) => this.#finish(code));
  }

  get isFull(): boolean {
    return this.#socket.bufferedAmount > maxUnsent;
  }

  begin(end: CarrierEnd): void {
    this.#end = end;
    this.#empty();
    if (this.#isClosed) end.closed(this.#cause);
  }

  send(message: object, maxLength?: number): void {
    const text = JSON.stringify(message);
    if (maxLength !== undefined && text.length > maxLength) {
      throw new FlowError('request_too_large', `Expected a request of at most ${maxLength} characters, got ${text.length}. Send less at a time`);
    }
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
    if (this.isFull) this.#look();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#empty();
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** A browser's socket cannot be cut: nothing that comes is taken any more. */
  destroy(): void {
    this.#socket.close(1000);
    this.#finish(1000);
  }

  #receive(data: unknown): void {
    if (this.#isClosed) return;
    this.#inbox.push(data);
    this.#empty();
  }

  #empty(): void {
    while (this.#end && !this.#isPaused && this.#inbox.length > 0) this.#take(this.#inbox.shift());
  }

  #take(data: unknown): void {
    let message: unknown;
    try {
      message = JSON.parse(data as string);
    } catch (cause) {
      return this.#end?.refuse(new FlowError('message_invalid', 'Expected a message as a text of JSON, got something else', { cause }), false);
    }
    this.#end?.take(message);
  }

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#clock.setTimer(() => {
      this.#isLooking = false;
      if (this.#isClosed) return;
      if (this.isFull) this.#look();
      else this.#end?.drained();
    }, lookMs);
  }

  #finish(code: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cause = toCause(code);
    this.#end?.closed(this.#cause);
  }
}

/** What a close code says; undefined: the connection has ended in good order. */
function toCause(code: number): FlowError | undefined {
  const known = Object.hasOwn(closeCodes, code) ? closeCodes[code as CloseCode] : undefined;
  if (code === 1000) return undefined;
  return new FlowError('owner_silent', `Expected the connection to stay open, it was closed with ${code}${known ? `: ${known.about}` : ''}`, { details: { closeCode: code } });
}

/**
 * Opens a WebSocket.
 *
 * @param timeoutMs longest wait, ms
 * @throws a `FlowError` with code `owner_unreachable`
 */
export function connectWebSocket(url: string, clock: Clock, timeoutMs: number): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const give = (why: string): void => {
      dropTimeout();
      socket.close();
      reject(new FlowError('owner_unreachable', `Expected a server at ${url}, but ${why}. Look whether it runs`, { details: { address: url } }));
    };
    const dropTimeout = setDeadline(clock, timeoutMs, () => give(`nothing came within ${timeoutMs} ms`));
    // A browser tells no reason, so that a page cannot look around in a network.
    const refuse = (): void => give('it could not be connected to');
    socket.addEventListener('error', refuse, { once: true });
    socket.addEventListener('close', refuse, { once: true });
    socket.addEventListener('open', () => {
      dropTimeout();
      socket.removeEventListener('error', refuse);
      socket.removeEventListener('close', refuse);
      // Without a listener an error of a socket that is open would be one of the program.
      socket.addEventListener('error', () => {});
      resolve(new WebSocketCarrier(socket, url, clock));
    }, { once: true });
  });
}
