import { WebSocket } from 'ws';
import { token } from './chain.ts';

interface Commit {
  readonly type: string;
  readonly cursor: string;
  readonly reset?: boolean;
  readonly entries?: readonly { readonly id: string; readonly seq?: number }[];
}

/** What clients have seen, all together. */
export class Tally {
  events = 0;
  frames = 0;
  bytes = 0;
  doubled = 0;
  missed = 0;
  resets = 0;
  reconnects = 0;
  /** Connections closed, by close code. */
  readonly codes = new Map<number, number>();
}

/** One of many clients: it holds each event to the one before, and comes back with its cursor. */
export class SoakClient {
  readonly #url: string;
  readonly #topics: readonly string[] | undefined;
  readonly #tally: Tally;
  /** The last transition seen of each execution. */
  readonly seen = new Map<string, number>();
  #cursor: string;
  #socket: WebSocket | undefined;
  #waitMs = 250;
  #isOver = false;
  isSubscribed = false;

  /** @param after where it begins */
  constructor(url: string, topics: readonly string[] | undefined, tally: Tally, after = 'start') {
    this.#url = `${url.replace('http', 'ws')}/api/v1/live`;
    this.#topics = topics;
    this.#tally = tally;
    this.#cursor = after;
  }

  connect(): void {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'hello', versions: [1], token }));
      socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic: 'feed', params: this.#topics ? { topics: this.#topics } : {}, after: this.#cursor, credit: 1_000_000 }));
    });
    socket.on('message', data => this.#take(data as Buffer));
    socket.on('error', () => {});
    socket.on('close', code => {
      this.isSubscribed = false;
      if (this.#isOver) return;
      // A connection that was refused was none.
      if (this.#waitMs === 250) this.#tally.codes.set(code, (this.#tally.codes.get(code) ?? 0) + 1);
      this.#tally.reconnects++;
      setTimeout(() => this.connect(), this.#waitMs * (0.5 + Math.random()));
      this.#waitMs = Math.min(this.#waitMs * 2, 4_000);
    });
  }

  /** Takes nothing any more, and says nothing of it. */
  stall(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  close(): void {
    this.#isOver = true;
    this.#socket?.terminate();
  }

  #take(data: Buffer): void {
    const { type, cursor, entries = [], reset } = JSON.parse(data.toString('utf8')) as Commit;
    if (type === 'ping') return this.#socket?.send('{"type":"pong"}');
    if (type === 'snapshot') {
      this.isSubscribed = true;
      this.#waitMs = 250;
      if (reset) this.#tally.resets++;
    }
    if (type !== 'commit') return;
    this.#cursor = cursor;
    this.#tally.frames++;
    this.#tally.bytes += data.length;
    for (const { id, seq } of entries) {
      if (seq === undefined) continue;
      this.#tally.events++;
      const next = (this.seen.get(id) ?? 0) + 1;
      if (seq < next) this.#tally.doubled++;
      else if (seq > next) this.#tally.missed += seq - next;
      this.seen.set(id, Math.max(seq, next - 1));
    }
  }
}
