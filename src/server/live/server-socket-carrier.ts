import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../core/clock.ts';
import { setDeadline } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import type { Carrier, CarrierEnd } from '../../owner/carrier.ts';
import { ReadyMessage } from '../../owner/carrier.ts';
import { toCloseCode } from '../../owner/close-codes.ts';
import { toTextFrame } from './text-frame.ts';

/** Bytes that wait to be taken by the other end, above which it is full. What the system holds beside is not in it. */
const maxUnsent = 1_024 * 1_024;
/** Longest that it may stay full, ms. */
const defaultMaxSlowMs = 30_000;
/** Longest message that an owner sends, characters: below the longest text there can be. */
const maxSentLength = 256 * 1_024 * 1_024;

export interface ServerSocketOptions {
  readonly address: string;
  /** Longest message that is taken, characters. */
  readonly maxLength: number;
  readonly clock: Clock;
  /** Called for each message, before anybody takes it. */
  readonly count?: (() => void) | undefined;
  /** Longest that it may stay full, ms. Default 30,000. */
  readonly maxSlowMs?: number | undefined;
}

/** An end of a WebSocket of the package `ws`. A message is a text. */
export class ServerSocketCarrier implements Carrier {
  readonly address: string;
  readonly #socket: WebSocket;
  /** What is below the socket: says how much waits. */
  readonly #stream: Duplex;
  readonly #options: ServerSocketOptions;
  #end: CarrierEnd | undefined;
  #inbox: string[] = [];
  #isPaused = false;
  #isClosed = false;
  #cause: Error | undefined;
  #closeCode = 1000;
  #forgive: (() => void) | undefined;

  constructor(socket: WebSocket, stream: Duplex, options: ServerSocketOptions) {
    this.address = options.address;
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    socket.on('message', data => this.#receive(data as Buffer));
    socket.on('error', error => (this.#cause = error));
    socket.on('close', () => this.#finish());
    stream.on('drain', () => this.#noteRoom());
  }

  get isFull(): boolean {
    return this.#stream.writableLength > maxUnsent;
  }

  begin(end: CarrierEnd): void {
    this.#end = end;
    this.#empty();
    if (this.#isClosed) end.closed(this.#cause);
  }

  send(message: object, maxLength?: number): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // Nothing is compressed: what the socket was given before has been written.
    if (message instanceof ReadyMessage) this.#stream.write(message.frame ??= toTextFrame(message.text));
    else this.#sendText(message, maxLength);
    if (this.isFull) this.#noteFull();
  }

  #sendText(message: object, maxLength: number | undefined): void {
    if ('type' in message && message.type === 'goodbye' && 'code' in message) this.#closeCode = toCloseCode(String(message.code));
    const text = JSON.stringify(message);
    if (text.length > (maxLength ?? maxSentLength)) {
      throw new FlowError(maxLength === undefined ? 'answer_too_large' : 'request_too_large', `Expected a message of at most ${maxLength ?? maxSentLength} characters, it has ${text.length}. Ask for less at a time`);
    }
    this.#socket.send(text);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#empty();
    if (!this.#isPaused) this.#socket.resume();
  }

  close(): void {
    // What was paused would never see the end of the other one.
    this.#socket.resume();
    this.#socket.close(this.#closeCode);
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer): void {
    this.#inbox.push(data.toString('utf8'));
    this.#empty();
  }

  #empty(): void {
    while (this.#end && !this.#isPaused && this.#inbox.length > 0) this.#take(this.#inbox.shift() as string, this.#end);
  }

  #take(text: string, end: CarrierEnd): void {
    const { maxLength, count } = this.#options;
    count?.();
    if (text.length > maxLength) {
      this.#inbox = [];
      return end.refuse(new FlowError('request_too_large', `Expected messages of at most ${maxLength} characters, got one of ${text.length}`), true);
    }
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch (cause) {
      return end.refuse(new FlowError('message_invalid', 'Expected a message as a text of JSON, got something else', { cause }), false);
    }
    end.take(message);
  }

  #noteFull(): void {
    const { clock, maxSlowMs = defaultMaxSlowMs } = this.#options;
    this.#forgive ??= setDeadline(clock, maxSlowMs, () => {
      this.#cause = new FlowError('client_slow', `Expected a client that takes what it is told, ${maxUnsent} bytes waited for ${maxSlowMs} ms`);
      // Behind what waits: if it reads on after all, it learns why.
      this.#socket.close(toCloseCode('client_slow'));
      this.#finish();
    });
  }

  #noteRoom(): void {
    this.#forgive?.();
    this.#forgive = undefined;
    this.#end?.drained();
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgive?.();
    this.#inbox = [];
    this.#end?.closed(this.#cause);
    this.#end = undefined;
  }
}
