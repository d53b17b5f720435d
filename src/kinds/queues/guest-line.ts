import type { Socket } from 'node:net';
import { setImmediate as defer } from 'node:timers';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { openSocket } from '../../owner/broker-client.ts';
import { readLines } from '../../owner/broker-protocol.ts';
import type { ClaimedMessage, Receipt } from './queue-commands.ts';
import type { GuestAnswer, GuestCommand, OwnerLine } from './queue-protocol.ts';

export interface GuestLineHandlers {
  readonly deliver: (id: number, messages: readonly ClaimedMessage[]) => void;
  readonly lose: (receipts: readonly Receipt[]) => void;
  /** The connection is over. */
  readonly closed: () => void;
}

export interface GuestLineOptions {
  readonly address: string;
  /** Name under which claims are kept. */
  readonly client: string;
  /** Claims this process works on; all others of this name come back. */
  readonly receipts: readonly Receipt[];
  readonly clock: Clock;
  readonly timeoutMs: number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: FlowError) => void;
}

/** Longest line from the owner, characters: messages that were claimed at once. */
const maxLineLength = 268_435_456;
const overhead = 1_024;

/** A connection to the process that owns the queues. What is asked in one turn of the event loop goes in one line. */
export class GuestLine {
  readonly #socket: Socket;
  readonly #handlers: GuestLineHandlers;
  readonly #address: string;
  readonly #waiting = new Map<number, readonly Waiting[]>();
  #outgoing: { readonly text: string; readonly waiting: Waiting }[] = [];
  #maxLength = 65_536;
  #lastId = 0;
  #failure: FlowError | undefined;

  private constructor(socket: Socket, address: string, handlers: GuestLineHandlers) {
    this.#socket = socket;
    this.#address = address;
    this.#handlers = handlers;
    let cause: Error | undefined;
    socket.on('error', error => (cause = error));
    socket.on('close', () => this.#fail('the connection ended', cause));
    readLines(socket, maxLineLength, line => this.#take(line), () => this.#fail('what came was too long'));
  }

  /** @throws a `FlowError` with code `owner_unreachable` or `owner_silent` */
  static async open({ address, client, receipts, clock, timeoutMs }: GuestLineOptions, handlers: GuestLineHandlers): Promise<GuestLine> {
    const line = new GuestLine(await openSocket(address, clock, timeoutMs), address, handlers);
    const { maxLength } = (await line.send({ type: 'attach', client, receipts: receipts.map(({ key, messageId, claim }) => ({ key, messageId, claim })) })) as { maxLength: number };
    line.#maxLength = maxLength;
    // It may have ended right behind its answer.
    if (line.#failure) throw line.#failure;
    return line;
  }

  send(command: GuestCommand): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const text = JSON.stringify(command);
      if (command.type !== 'attach' && text.length + overhead > this.#maxLength) {
        return reject(new FlowError('request_too_large', `Expected a request of at most ${this.#maxLength} characters, got ${text.length}. Publish in smaller batches`));
      }
      this.#outgoing.push({ text, waiting: { resolve, reject } });
      if (this.#outgoing.length === 1) defer(() => this.#flush());
    });
  }

  close(): void {
    this.#socket.destroySoon();
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (let from = 0; from < outgoing.length; ) {
      let length = overhead;
      let to = from;
      while (to < outgoing.length && (to === from || length + (outgoing[to]?.text.length ?? 0) < this.#maxLength)) length += (outgoing[to++]?.text.length ?? 0) + 1;
      const part = outgoing.slice(from, to);
      from = to;
      const id = ++this.#lastId;
      this.#waiting.set(id, part.map(({ waiting }) => waiting));
      this.#socket.write(`{"id":${id},"command":"queue","commands":[${part.map(({ text }) => text).join(',')}]}\n`);
    }
    if (this.#failure) this.#reject(this.#failure);
  }

  #take(text: string): void {
    let line: OwnerLine;
    try {
      line = JSON.parse(text) as OwnerLine;
    } catch (error) {
      return this.#fail('what came was not an answer', error);
    }
    if ('push' in line) {
      for (const push of line.push) push.type === 'deliver' ? this.#handlers.deliver(push.id, push.messages) : this.#handlers.lose(push.receipts);
      return;
    }
    if ('error' in line && line.id === null) return this.#fail(line.error.message);
    const waiting = this.#waiting.get(line.id ?? 0) ?? [];
    this.#waiting.delete(line.id ?? 0);
    for (const [index, { resolve, reject }] of waiting.entries()) {
      const answer: GuestAnswer = 'error' in line ? line : (line.result[index] ?? { value: undefined });
      if (!('error' in answer)) resolve(answer.value);
      else reject(new FlowError(answer.error.code, answer.error.message, 'details' in answer.error && answer.error.details ? { details: answer.error.details } : {}));
    }
  }

  #fail(why: string, cause?: unknown): void {
    if (this.#failure) return;
    this.#failure = new FlowError('owner_silent', `Expected an answer from the owner of the database at ${this.#address}, but ${why}. Look whether it was done before asking again`, { cause, details: { address: this.#address } });
    this.#reject(this.#failure);
    this.#socket.destroy();
    this.#handlers.closed();
  }

  #reject(failure: FlowError): void {
    for (const list of this.#waiting.values()) for (const { reject } of list) reject(failure);
    this.#waiting.clear();
  }
}
