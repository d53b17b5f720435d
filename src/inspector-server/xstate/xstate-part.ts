import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { FlowError } from '../../core/errors.ts';
import { Authority } from '../../server/authority.ts';
import type { CreatePart, ServerContext } from '../../server/part.ts';
import type { ToldEvent } from './told-event.ts';
import { toldEvent } from './told-event.ts';
import type { XStateInspector } from './xstate-inspector.ts';

export const xstatePath = '/xstate';

/** Connections at the same time, applications and those who look at them. */
const maxConnections = 16;
/** Longest message that is taken, bytes. */
const maxBytes = 1_024 * 1_024;
/** Bytes that wait to be taken by one that looks, above which it is let go. */
const maxUnsent = 4 * 1_024 * 1_024;
/** Messages of one connection within so many seconds, on average. */
const limit = { points: 20_000, duration: 10 };
/** Messages of applications that are kept for whoever connects later: as many as Stately's own server keeps. */
const maxKept = 200;

/** As Stately's own server says it; 1008: what was sent cannot be read. */
const closings = { unreadable: 1008, tooFast: 4429, tooSlow: 4408, stopping: 1001 } as const;

interface Peer {
  readonly socket: WebSocket;
  readonly stream: Duplex;
  /** 0: it has said nothing, and looks; else which application it is. */
  app: number;
}

/**
 * Where applications of XState tell of their actors, and others look at them: the messages are those of `@statelyai/inspect`.
 *
 * What an application sends is passed on to all who look, with its number as `app`. They are told of this runtime's actors, too,
 * when it was given an `XStateInspector`.
 *
 * @param key has to be in the address: `?key=…`
 */
export const createXStatePart = (key: string, inspector: XStateInspector | undefined): CreatePart => context => {
  const hub = new Hub(context, inspector);
  const authority = new Authority({ tokens: [{ token: key, scopes: ['read'] }] });
  return {
    upgrades: [{
      path: xstatePath,
      handle(request, stream, head) {
        const given = new URL(request.url ?? '/', 'http://localhost').searchParams.get('key');
        if (!authority.admit(given ?? undefined)) throw new FlowError('token_refused', `Expected the \`key\` of this inspector in the address, got ${given === null ? 'none' : 'another'}. \`xstateUrl\` has it`);
        hub.accept(request, stream, head);
      },
    }],
    close: () => hub.close(),
  };
};

class Hub {
  readonly #context: ServerContext;
  readonly #inspector: XStateInspector | undefined;
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: maxBytes });
  readonly #limiter = new RateLimiterMemory(limit);
  readonly #peers = new Set<Peer>();
  readonly #kept: string[] = [];
  #apps = 0;
  #seq = 0;

  constructor(context: ServerContext, inspector: XStateInspector | undefined) {
    this.#context = context;
    this.#inspector = inspector;
  }

  accept(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    if (this.#peers.size >= maxConnections) throw new FlowError('owner_busy', `Expected at most ${maxConnections} connections to \`${xstatePath}\``);
    this.#server.handleUpgrade(request, stream, head, socket => this.#begin(socket, stream));
  }

  close(): void {
    for (const { socket } of this.#peers) socket.close(closings.stopping);
    this.#server.close();
  }

  #begin(socket: WebSocket, stream: Duplex): void {
    const peer: Peer = { socket, stream, app: 0 };
    this.#peers.add(peer);
    const unwatch = this.#inspector?.watch(event => this.#send(peer, this.#redact(event)));
    for (const text of this.#kept) this.#send(peer, text);
    socket.on('message', (data, isBinary) => this.#take(peer, isBinary ? undefined : (data as Buffer).toString('utf8')));
    // Too long, or no text: `ws` closes it itself.
    socket.on('error', () => {});
    socket.on('close', () => {
      unwatch?.();
      this.#peers.delete(peer);
    });
  }

  /** Numbered, so that it is seen where some are missing. */
  #redact(event: ToldEvent): string {
    return this.#context.redact(JSON.stringify({ ...event, seq: ++this.#seq }));
  }

  #take(peer: Peer, text: string | undefined): void {
    const read = text === undefined ? undefined : readMessage(text);
    if (!read) return peer.socket.close(closings.unreadable, 'Expected a message of @statelyai/inspect');
    if (peer.app === 0) peer.app = ++this.#apps;
    this.#limiter.consume(String(peer.app)).catch(() => peer.socket.close(closings.tooFast, 'Expected fewer messages'));
    const told = JSON.stringify({ ...read, app: peer.app });
    this.#kept.push(told);
    if (this.#kept.length > maxKept) this.#kept.shift();
    for (const other of this.#peers) if (other.app === 0) this.#send(other, told);
  }

  /** What waits for one that does not take it is bounded: an application tells on, and nobody else waits. */
  #send({ socket, stream, app }: Peer, text: string): void {
    if (app !== 0 || socket.readyState !== socket.OPEN) return;
    if (stream.writableLength > maxUnsent) return socket.close(closings.tooSlow, 'Expected somebody who takes what is told');
    socket.send(text);
  }
}

function readMessage(text: string): object | undefined {
  try {
    const read = toldEvent.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
