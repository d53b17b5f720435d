import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { setDeadline, systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import type { BrokerRequest } from './broker-protocol.ts';
import { brokerAnswer, readLines, writeLine } from './broker-protocol.ts';

/** Which settled executions are to go, and how many at most. */
export interface PruneRequest {
  readonly settledBefore: number;
  readonly executionIds?: readonly string[] | undefined;
  readonly limit: number;
}

/** What another process can do through the owner of a database. */
export interface OwnerConnection {
  /** Resolves when the signal is stored. */
  signal(executionId: string, name: string, payload: unknown, options?: { readonly force?: boolean | undefined }): Promise<void>;
  /** Resolves when the cancel is stored; false: the execution had settled before. */
  cancel(executionId: string, message?: string): Promise<boolean>;
  /** Resolves with the number of the new generation when it is stored. */
  retry(executionId: string, options: { readonly steps: readonly string[]; readonly cascade: boolean }): Promise<number>;
  /** Resolves when the event is stored, with all that followed from it at once; false: the actor had ended. */
  sendToActor(address: string, event: { readonly type: string }): Promise<boolean>;
  /** Resolves when the end is stored; false: the actor had ended before. */
  stopActor(address: string): Promise<boolean>;
  /** Resolves with how many settled executions were deleted. */
  prune(params: PruneRequest): Promise<number>;
  close(): void;
}

export interface ConnectOptions {
  readonly clock?: Clock;
  /** Longest wait for the connection and for each answer, ms. Default 10,000. */
  readonly timeoutMs?: number;
}

/** An answer is a few words; anything near this is not from an owner. */
const maxAnswerLength = 1_048_576;

/**
 * Connects to the process that owns a database, at the `socket` its owner record names.
 *
 * A request throws the owner's own `FlowError`, or `owner_silent` when no answer came: then it is not known whether it
 * was carried out.
 *
 * @throws a `FlowError` with code `owner_unreachable`; nothing was asked then
 */
export async function connectToOwner(address: string, options: ConnectOptions = {}): Promise<OwnerConnection> {
  const { clock = systemClock, timeoutMs = 10_000 } = options;
  const socket = await openSocket(address, clock, timeoutMs);
  const requests = new Requests(socket, address, clock, timeoutMs);
  return {
    async signal(executionId, name, payload, { force } = {}) {
      await requests.send(id => ({ id, command: 'signal', executionId, name, payload: JSON.parse(encodeJson(payload, { name: 'payload' })), ...(force && { force }) }));
    },
    async cancel(executionId, message) {
      return (await requests.send(id => ({ id, command: 'cancel', executionId, ...(message !== undefined && { message }) }))) === true;
    },
    async retry(executionId, { steps, cascade }) {
      return Number(await requests.send(id => ({ id, command: 'retry', executionId, steps: [...steps], cascade })));
    },
    async sendToActor(actor, event) {
      return (await requests.send(id => ({ id, command: 'actor.send', address: actor, event: JSON.parse(encodeJson(event, { name: 'event' })) }))) === true;
    },
    async stopActor(actor) {
      return (await requests.send(id => ({ id, command: 'actor.stop', address: actor }))) === true;
    },
    async prune({ settledBefore, executionIds, limit }) {
      return Number(await requests.send(id => ({ id, command: 'prune', settledBefore, limit, ...(executionIds && { executionIds: [...executionIds] }) })));
    },
    close: () => socket.destroy(),
  };
}

/** @throws a `FlowError` with code `owner_unreachable` */
export function openSocket(address: string, clock: Clock, timeoutMs: number): Promise<Socket> {
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
      resolve(socket);
    });
  });
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: FlowError) => void;
  readonly dropTimeout: () => void;
}

class Requests {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: FlowError | undefined;

  constructor(socket: Socket, address: string, clock: Clock, timeoutMs: number) {
    this.#socket = socket;
    this.#address = address;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    let cause: Error | undefined;
    socket.on('error', error => (cause = error));
    socket.on('close', () => this.#fail(this.#createSilence('the connection ended', cause)));
    readLines(socket, maxAnswerLength, line => this.#take(line), () => this.#fail(this.#createSilence('what came was too long')));
  }

  send(toRequest: (id: number) => BrokerRequest): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const request = toRequest(id);
      const dropTimeout = setDeadline(this.#clock, this.#timeoutMs, () => this.#settle(id)?.reject(this.#createSilence(`nothing came within ${this.#timeoutMs} ms`)));
      this.#waiting.set(id, { resolve, reject, dropTimeout });
      writeLine(this.#socket, request);
    });
  }

  #take(line: string): void {
    const { data, success } = brokerAnswer.safeParse(parse(line));
    if (!success) return this.#fail(this.#createSilence('what came was not an answer'));
    if ('error' in data) {
      const { code, message, details } = data.error;
      const error = new FlowError(code, message, details ? { details } : {});
      if (data.id === null) this.#fail(error);
      else this.#settle(data.id)?.reject(error);
    } else {
      this.#settle(data.id)?.resolve(data.result);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    waiting?.dropTimeout();
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(error: FlowError): void {
    this.#failure ??= error;
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(this.#failure);
    this.#socket.destroy();
  }

  #createSilence(why: string, cause?: Error): FlowError {
    return new FlowError('owner_silent', `Expected an answer from the owner of the database at ${this.#address}, but ${why}. Look whether it was done before asking again`, {
      cause,
      details: { address: this.#address },
    });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
