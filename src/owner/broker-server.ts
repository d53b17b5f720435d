import { chmodSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Logger } from '../core/logger.ts';
import { FlowError, isFlowError } from '../core/errors.ts';
import { removeStaleSockets } from './broker-address.ts';
import type { PruneRequest } from './broker-client.ts';
import type { BrokerAnswer, BrokerRequest } from './broker-protocol.ts';
import { brokerRequest, readLines, writeLine } from './broker-protocol.ts';

export interface BrokerOptions {
  /** Path of the socket, or name of the pipe. */
  readonly address: string;
  readonly logger: Logger;
  /** Longest request, characters. */
  readonly maxRequestLength: number;
  /** Lets a connection at the queues; called when it first asks for them. */
  readonly openGuest?: ((push: (value: { readonly push: unknown }) => void) => BrokerGuest) | undefined;
  /** Answer after the commit. */
  readonly signal: (executionId: string, name: string, payload: unknown, force?: boolean) => Promise<void>;
  readonly cancel: (executionId: string, message?: string) => Promise<boolean>;
  readonly retry: (executionId: string, options: { readonly steps: readonly string[]; readonly cascade: boolean }) => Promise<number>;
  /** False: the actor had ended before. */
  readonly sendToActor: (address: string, event: { readonly type: string }) => Promise<boolean>;
  readonly stopActor: (address: string) => Promise<boolean>;
  /** Deletes settled executions; returns how many. */
  readonly prune: (params: PruneRequest) => Promise<number>;
}

/** A connection as the queues see it. */
export interface BrokerGuest {
  take(commands: readonly unknown[]): Promise<unknown>;
  closed(): void;
}

/** Connections at the same time; more are turned away. */
const maxConnections = 256;

/** Takes signals and cancels from other processes of this user, for the store this process owns. */
export class BrokerServer {
  readonly #options: BrokerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pending = new Set<Promise<void>>();

  private constructor(options: BrokerOptions) {
    this.#options = options;
    this.#server = createServer(socket => this.#accept(socket));
    this.#server.maxConnections = maxConnections;
    // What reaches a listening server is about one connection; the others go on.
    this.#server.on('error', error => options.logger.warn({ err: error }, 'a request from another process could not be taken'));
  }

  /** @throws the system's error when the socket cannot be made */
  static async listen(options: BrokerOptions): Promise<BrokerServer> {
    const { address } = options;
    removeStaleSockets(address);
    const broker = new BrokerServer(options);
    await new Promise<void>((resolve, reject) => {
      broker.#server.once('error', reject);
      broker.#server.listen(address, () => {
        broker.#server.off('error', reject);
        resolve();
      });
    });
    if (process.platform !== 'win32') chmodSync(address, 0o600);
    return broker;
  }

  /** Takes no new connections; the socket is gone from the disk when this returns. */
  stopListening(): void {
    this.#server.close();
  }

  /** Answers what is under way, then hangs up. */
  async end(): Promise<void> {
    await Promise.allSettled(this.#pending);
    for (const socket of this.#sockets) socket.destroySoon();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let guest: BrokerGuest | undefined;
    const openGuest = (): BrokerGuest | undefined =>
      (guest ??= this.#options.openGuest?.(value => {
        if (!socket.destroyed && socket.writable) writeLine(socket, value);
      }));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      guest?.closed();
    });
    // The other process has gone; what it asked for is done all the same.
    socket.on('error', error => this.#options.logger.debug({ err: error }, 'a connection from another process broke'));
    const { maxRequestLength } = this.#options;
    readLines(socket, maxRequestLength, line => this.#take(socket, line, openGuest), () => {
      const message = `Expected a request of at most ${maxRequestLength} characters, got more`;
      socket.end(`${JSON.stringify({ id: null, error: { code: 'request_too_large', message } })}\n`);
      socket.destroySoon();
    });
  }

  #take(socket: Socket, line: string, openGuest: () => BrokerGuest | undefined): void {
    const done = this.#answer(line, openGuest).then(answer => {
      if (!socket.destroyed && socket.writable) writeLine(socket, answer);
    });
    this.#pending.add(done);
    done.finally(() => this.#pending.delete(done));
  }

  async #answer(line: string, openGuest: () => BrokerGuest | undefined): Promise<BrokerAnswer> {
    let id: number | null = null;
    try {
      const request = readRequest(line);
      id = request.id;
      return { id, result: await this.#perform(request, openGuest) };
    } catch (error) {
      if (isFlowError(error)) return { id, error: { code: error.code, message: error.message, details: toPlain(error.details) } };
      this.#options.logger.error({ err: error }, 'a request from another process failed');
      return { id, error: { code: 'request_failed', message: error instanceof Error ? error.message : String(error) } };
    }
  }

  async #perform(request: BrokerRequest, openGuest: () => BrokerGuest | undefined): Promise<unknown> {
    if (request.command === 'queue') return openGuest()?.take(request.commands);
    if (request.command === 'retry') return this.#options.retry(request.executionId, { steps: request.steps, cascade: request.cascade });
    if (request.command === 'actor.send') return this.#options.sendToActor(request.address, request.event);
    if (request.command === 'actor.stop') return this.#options.stopActor(request.address);
    if (request.command === 'prune') return this.#options.prune(request);
    if (request.command === 'cancel') return this.#options.cancel(request.executionId, request.message);
    await this.#options.signal(request.executionId, request.name, request.payload ?? null, request.force);
    return null;
  }
}

function readRequest(line: string): BrokerRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new FlowError('request_invalid', 'Expected a request as one line of JSON, got something else', { cause: error });
  }
  const { success, data, error } = brokerRequest.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new FlowError('request_invalid', `Expected a \`signal\`, \`cancel\`, \`retry\`, \`actor.send\`, \`actor.stop\`, \`prune\` or \`queue\` request: ${issue?.message} at \`${issue?.path.join('.') ?? ''}\``);
}

/** What JSON keeps of it. */
function toPlain(details: FlowError['details']): Record<string, unknown> | undefined {
  return details && (JSON.parse(JSON.stringify(details)) as Record<string, unknown>);
}
