import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { setDeadline } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { Carrier, CarrierEnd } from './carrier.ts';
import { toText } from './carrier.ts';
import { readLines } from './lines.ts';
import { maxSentLength, requireLength } from './message-length.ts';

/** Bytes that wait to be taken by the other end, above which it is full. */
const maxUnsent = 4 * 1_024 * 1_024;

/** A connection over a local socket: a message is a line of JSON. */
export class SocketCarrier implements Carrier {
  readonly address: string;
  readonly #socket: Socket;
  readonly #maxLength: number;
  #end: CarrierEnd | undefined;
  #paused = false;
  #go: () => void = () => {};
  #cause: Error | undefined;
  #isClosed = false;

  /** @param maxLength longest line it reads, characters */
  constructor(socket: Socket, address: string, maxLength: number) {
    this.address = address;
    this.#socket = socket;
    this.#maxLength = maxLength;
    socket.on('error', error => (this.#cause = error));
    socket.on('close', () => this.#finish());
    socket.on('drain', () => this.#end?.drained());
  }

  get isFull(): boolean {
    return this.#socket.writableLength > maxUnsent;
  }

  begin(end: CarrierEnd): void {
    this.#end = end;
    if (this.#isClosed) return end.closed(this.#cause);
    this.#go = readLines(this.#socket, this.#maxLength, {
      line: line => this.#take(line),
      tooLong: () => end.refuse(new FlowError('request_too_large', `Expected messages of at most ${this.#maxLength} characters, got a longer one`), true),
      isPaused: () => this.#paused,
    });
  }

  #take(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch (cause) {
      return this.#end?.refuse(new FlowError('message_invalid', 'Expected a message as one line of JSON, got something else', { cause }), false);
    }
    this.#end?.take(message);
  }

  /** What is sent in one turn goes to the other process at once: each write would wake it by itself. */
  send(message: object, maxLength?: number): void {
    if (!this.#socket.writable) return;
    const text = requireLength(toText(message), maxLength);
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    this.#socket.write(`${text}\n`);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#go();
    if (!this.#paused) this.#socket.resume();
  }

  close(): void {
    // What was paused would never see the end of the other one; and whoever does not read keeps nobody waiting.
    this.#socket.resume();
    this.#socket.unref();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #finish(): void {
    this.#isClosed = true;
    this.#end?.closed(this.#cause);
    this.#end = undefined;
  }
}

/**
 * Connects to the socket that an owner listens at.
 *
 * @param timeoutMs longest wait, ms
 * @throws a `FlowError` with code `owner_unreachable`
 */
export function connectSocket(address: string, clock: Clock, timeoutMs: number): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const give = (cause: unknown, why: string): void => {
      dropTimeout();
      socket.destroy();
      reject(new FlowError('owner_unreachable', `Expected the owner of the database to answer at ${address}, but ${why}. It may have just stopped; look who owns it now`, { cause, details: { address } }));
    };
    const dropTimeout = setDeadline(clock, timeoutMs, () => give(undefined, `nothing came within ${timeoutMs} ms`));
    const refuse = (error: Error): void => give(error, error.message);
    socket.once('error', refuse);
    socket.once('connect', () => {
      dropTimeout();
      socket.off('error', refuse);
      resolve(new SocketCarrier(socket, address, maxSentLength));
    });
  });
}
