import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { setDeadline } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { ClientSessions } from '../../owner/client-sessions.ts';
import type { Service } from '../../owner/method.ts';
import type { Scope } from '../../owner/protocol.ts';
import type { ServerContext } from '../part.ts';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { ServerSocketCarrier } from './server-socket-carrier.ts';

/** Longest message that is taken, characters. */
const maxLength = 1_024 * 1_024;
/** Most bytes of a character in UTF-8, by its length in JavaScript. */
const maxBytesPerUnit = 3;
/** Messages of one connection within so many seconds, on average; one that says more is closed with 4429, and may come again. */
const defaultLimit = { messages: 1_000, seconds: 10 };
/** When that one is to come again, ms. */
const tooFastMs = 1_000;
/** Who connects says hello within so long, ms. */
const helloMs = 5_000;

/** All clients that are connected over WebSockets. */
export class LiveConnections {
  readonly #context: ServerContext;
  readonly #sessions: ClientSessions;
  readonly #limiter: RateLimiterMemory;
  #last = 0;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxBytesPerUnit * maxLength });

  constructor(context: ServerContext, service: Service, limit: { readonly messages: number; readonly seconds: number } = defaultLimit) {
    this.#context = context;
    this.#limiter = new RateLimiterMemory({ points: limit.messages, duration: limit.seconds });
    const { logger, redact } = context;
    this.#sessions = new ClientSessions({ logger, redact, service, maxLength, admit: token => this.#admit(token) });
  }

  /** Connections that there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Makes a WebSocket of a request, whose `Host` and `Origin` have been checked. */
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, stream, head, socket => this.#accept(socket, stream));
  }

  /** Answers what is under way, and says goodbye. */
  async close(): Promise<void> {
    await this.#sessions.finish('owner_stopping', 'The server stops');
    this.#sockets.close();
  }

  #accept(socket: WebSocket, stream: Duplex): void {
    const { clock } = this.#context;
    const name = String(++this.#last);
    const count = (): void => {
      this.#limiter.consume(name).catch(() => session.close('client_too_fast', 'Expected fewer messages of one connection. Ask for more at a time', tooFastMs));
    };
    const session = this.#sessions.accept(new ServerSocketCarrier(socket, stream, { address: 'a client', maxLength, clock, count }));
    const forgive = setDeadline(clock, helloMs, () => {
      if (!session.isOpen) session.close('hello_expected', `Expected \`hello\` within ${helloMs} ms`, null);
    });
    socket.once('close', forgive);
  }

  /** @throws a `FlowError` with code `token_missing` or `token_refused` */
  #admit(token: string | undefined): readonly Scope[] {
    const scopes = this.#context.authority.admit(token);
    if (scopes) return scopes;
    if (token === undefined) throw new FlowError('token_missing', 'Expected a `token` in `hello`. `flowstone serve` says where it is');
    throw new FlowError('token_refused', 'Expected a token of this server in `hello`, got another');
  }
}
