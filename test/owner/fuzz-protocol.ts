import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Random } from '../../src/core/ids.ts';
import { flowMethods } from '../../src/owner/methods.ts';
import { messages } from '../../src/owner/protocol.ts';
import { queueMethods, topics } from '../../src/owner/queue-methods.ts';

/** What a fuzzed owner said. */
export interface FuzzedProtocol {
  readonly sent: number;
  readonly answered: number;
  readonly connections: number;
  /** How often each code was given. */
  readonly codes: ReadonlyMap<string, number>;
  /** What no owner may say, each in words. */
  readonly wrong: readonly string[];
}

/** Messages sent over one connection, at most. */
const perConnection = 400;
const names = [...Object.keys(messages), 'drop', '__proto__', 'constructor', ''];
const methods = [...Object.keys(flowMethods), ...Object.keys(queueMethods), 'toString', ''];
const fields = ['id', 'method', 'params', 'key', 'again', 'topic', 'credit', 'after', 'more', 'versions', 'token', 'code', 'entries', '__proto__', 'executionId', 'messages', 'queue', 'receipt'];

/** Makes messages: good ones, ones with something wrong, and what is none. */
export class MessageMaker {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)] as T;
  }

  value(depth = 0): unknown {
    const plain = [null, true, 0, -1, 1.5, 2 ** 60, '', 'x', 'feed', 'start', '\u0000', '\ud800', 'y'.repeat(5_000), 'guest:a', 'queue', 'nobody'];
    const roll = this.#random.next();
    if (depth > 4 || roll < 0.6) return this.#pick(plain);
    if (roll < 0.75) return Array.from({ length: Math.floor(this.#random.next() * 4) }, () => this.value(depth + 1));
    return Object.fromEntries(Array.from({ length: Math.floor(this.#random.next() * 5) }, () => [this.#pick(fields), this.value(depth + 1)]));
  }

  /** A line as it is written. */
  line(number: number): string {
    const roll = this.#random.next();
    if (roll < 0.04) return this.#pick(['', '{', '[]', 'null', '"x"', '{"type":', '\u0000\u0001', `{"a":${'['.repeat(3_000)}${']'.repeat(3_000)}}`]);
    if (roll < 0.5) return JSON.stringify({ type: 'request', id: number, method: this.#pick(methods), params: this.value(1) });
    if (roll < 0.6) return JSON.stringify({ type: 'subscribe', id: number, topic: this.#pick([...Object.keys(topics), 'x']), credit: this.#pick([0, 1, 10, -1]), params: this.#pick([{}, { client: 'guest:a', receipts: [] }, this.value()]) });
    if (roll < 0.7) return JSON.stringify({ type: 'request', id: number, method: 'list', params: {} });
    if (roll < 0.995) return JSON.stringify({ type: this.#pick(names.filter(name => name !== 'goodbye' && name !== 'hello')), ...(this.value(1) as object) });
    return JSON.stringify({ type: this.#pick(['goodbye', 'hello']), ...(this.value(1) as object) });
  }
}

/** What an owner may say: a message of its own, whose errors have codes that are names. */
function judge(line: string, codes: Map<string, number>): string | undefined {
  const { type, code, error } = JSON.parse(line) as { readonly type?: string; readonly code?: unknown; readonly error?: { readonly code: string } };
  if (type === undefined) return error?.code === 'version_unsupported' ? undefined : `said ${line.slice(0, 200)}`;
  const kind = (messages as { readonly [name: string]: { readonly from: string } })[type];
  if (!kind || kind.from === 'client') return `said ${line.slice(0, 200)}`;
  if (type !== 'error' && type !== 'goodbye') return undefined;
  codes.set(String(code), (codes.get(String(code)) ?? 0) + 1);
  return typeof code === 'string' && /^[a-z]+(_[a-z]+)*$/.test(code) && code !== 'request_failed' ? undefined : `gave the code ${String(code)}: ${line.slice(0, 300)}`;
}

/** Sends an owner so many messages, most of them wrong, over one connection after the other. */
export async function fuzzProtocol(address: string, random: Random, count: number): Promise<FuzzedProtocol> {
  const maker = new MessageMaker(random);
  const codes = new Map<string, number>();
  const wrong: string[] = [];
  let sent = 0;
  let answered = 0;
  let connections = 0;
  while (sent < count) {
    const socket: Socket = connect(address).setEncoding('utf8');
    connections++;
    let rest = '';
    socket.on('error', () => {}).on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      answered += lines.length;
      for (const line of lines) {
        const complaint = judge(line, codes);
        if (complaint !== undefined && wrong.length < 20) wrong.push(complaint);
      }
    });
    // An owner may close while there is more to be written; `once` would call that a failure.
    const closed = new Promise<void>(resolve => void socket.once('close', () => resolve()));
    const lines = Array.from({ length: Math.min(perConnection, count - sent) }, (_, index) => maker.line(index + 1));
    sent += lines.length;
    if (random.next() < 0.95) lines.unshift('{"type":"hello","versions":[1]}');
    const text = `${lines.join('\n')}\n`;
    // Cut anywhere: a message comes in pieces, or not to its end.
    const cut = Math.floor(random.next() * text.length);
    socket.write(text.slice(0, cut));
    await new Promise(resolve => setImmediate(resolve));
    if (random.next() < 0.1) socket.destroy();
    else socket.end(`${text.slice(cut)}{"type":"goodbye","code":"done","retryAfterMs":null}\n`);
    await closed;
  }
  return { sent, answered, connections, codes, wrong };
}
