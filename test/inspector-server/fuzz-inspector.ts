import { WebSocket } from 'ws';
import type { Random } from '../../src/core/ids.ts';
import { debugMethods, debugTopics, valueMethods } from '../../src/owner/debug-methods.ts';
import { inspectMethods } from '../../src/owner/inspect-methods.ts';
import { MessageMaker } from '../owner/fuzz-protocol.ts';
import { enter, openInspected } from './open-inspected.ts';

export interface FuzzedInspector {
  readonly sent: number;
  readonly answered: number;
  readonly connections: number;
  readonly codes: { readonly [code: string]: number };
  /** What no inspector may say or do, each in words. */
  readonly wrong: readonly string[];
}

/** Below what one connection may say within ten seconds. */
const perConnection = 900;
/** Methods with the names of what they take. */
const methods = Object.entries({ ...debugMethods, ...valueMethods, ...inspectMethods }).map(([name, { params }]) => [name, Object.keys((params as unknown as { readonly shape: object }).shape)] as const);
const told = ['@xstate.actor', '@xstate.event', '@xstate.snapshot', '@xstate.other', ''];

/** What a page asks, with something wrong in most of it. */
class PageMaker extends MessageMaker {
  readonly #random: Random;
  readonly #executionId: string;

  constructor(random: Random, executionId: string) {
    super(random);
    this.#random = random;
    this.#executionId = executionId;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random.next() * list.length)] as T;
  }

  override line(number: number): string {
    if (this.#random.next() < 0.3) return super.line(number);
    const mostly = <T>(value: T): unknown => (this.#random.next() < 0.8 ? value : this.value(2));
    const breakpoint = { step: mostly('ask'), state: mostly('completed'), when: mostly('event.type = "x"'), hits: mostly(1) };
    const good: { readonly [name: string]: unknown } = {
      target: this.#executionId, executionId: this.#executionId, flowId: 'waiting', set: [breakpoint], breakpoints: [breakpoint], index: 0, step: 'ask', of: 'input', path: ['card'], offset: 0, limit: 10, children: true,
    };
    const [method, names] = this.#pick(methods);
    const params = Object.fromEntries(names.flatMap(name => (this.#random.next() < 0.8 ? [[name, this.#random.next() < 0.8 ? good[name] : this.value(2)]] : [])));
    if (this.#random.next() < 0.1) return JSON.stringify({ type: 'subscribe', id: number, topic: this.#pick([...Object.keys(debugTopics), 'feed', 'x']), params: mostly({ executionId: this.#executionId }), credit: mostly(5) });
    return JSON.stringify({ type: 'request', id: number, method, params });
  }

  /** What an application of XState may tell, or may not. */
  inspection(): string {
    if (this.#random.next() < 0.02) return this.#pick(['', '{', 'null', '[]', '"x"', '{"type":"@xstate.actor"}']);
    return JSON.stringify({ type: this.#pick(told), sessionId: this.#pick(['x:0', 'x:1', '__proto__', '']), event: this.value(), snapshot: this.value(), definition: this.#pick(['{}', '{', 'null']) });
  }
}

/** Sends an inspector so many messages, most of them wrong, over one connection after the other; every tenth to XState's endpoint. */
export async function fuzzInspector(random: Random, count: number): Promise<FuzzedInspector> {
  const { runtime, inspector, executionId, end } = await openInspected();
  const token = await enter(inspector);
  const maker = new PageMaker(random, executionId);
  const codes: Record<string, number> = {};
  const wrong: string[] = [];
  let [sent, answered, connections] = [0, 0, 0];
  const judge = (text: string): void => {
    answered++;
    const { type, code } = JSON.parse(text) as { readonly type?: unknown; readonly code?: unknown };
    if (type === 'error' || type === 'goodbye') codes[String(code)] = (codes[String(code)] ?? 0) + 1;
    if ((type === 'error' && code === 'request_failed') || typeof type !== 'string') wrong.push(text.slice(0, 300));
  };
  try {
    for (; sent < count && wrong.length < 20; connections++) {
      const isXState = connections % 10 === 1;
      const lines = Array.from({ length: Math.min(perConnection, count - sent) }, (_, index) => (isXState ? maker.inspection() : maker.line(index + 1)));
      sent += lines.length;
      const socket = new WebSocket(isXState ? inspector.xstateUrl : `ws://127.0.0.1:${inspector.port}/api/v1/live`);
      await new Promise<void>(resolve => {
        socket.on('error', () => {}).on('close', () => resolve()).on('message', data => judge((data as Buffer).toString()));
        socket.on('open', () => {
          if (!isXState && random.next() < 0.95) socket.send(JSON.stringify({ type: 'hello', versions: [1], token }));
          for (const line of lines) socket.send(line);
          if (random.next() < 0.1) socket.terminate();
          else if (isXState) socket.close();
          else socket.send(JSON.stringify({ type: 'goodbye', code: 'client_closed', retryAfterMs: null }));
        });
      });
    }
    // It still does what it is for.
    runtime.debug.breakpoints([]);
    runtime.debug.resume();
    const again = await runtime.start('waiting');
    runtime.debug.resume();
    await again.signal('go', {});
    if (!(await again.settled()).passed) wrong.push('an execution did not come to its end afterwards');
    if (runtime.health().status !== 'running') wrong.push(`the runtime is ${runtime.health().status}`);
  } finally {
    await end();
  }
  return { sent, answered, connections, codes, wrong };
}
