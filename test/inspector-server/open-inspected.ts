import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { WebSocket } from 'ws';
import { createMemoryStore, createRuntime, defineFlow, SimulatedClock } from '../../src/index.ts';
import type { Inspector, InspectorOptions } from '../../src/inspector.ts';
import { openInspector } from '../../src/inspector.ts';
import type { Runtime } from '../../src/runtime/api.ts';

export const secret = 'sk-abcdefghijklmnopqrstuvwxyz012345';

export interface Inspected {
  readonly runtime: Runtime;
  readonly inspector: Inspector;
  readonly clock: SimulatedClock;
  readonly executionId: string;
  /** What was logged, as JSON. */
  readonly logged: string[];
  end(): Promise<void>;
}

/** A runtime with a flow that waits, and an inspector of it. */
export async function openInspected(options: InspectorOptions = {}): Promise<Inspected> {
  const clock = new SimulatedClock();
  const logged: string[] = [];
  const note = (...given: unknown[]): void => void logged.push(JSON.stringify(given));
  const logger = { trace: note, debug: note, info: note, warn: note, error: note, fatal: note, child: () => logger } as never;
  const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [waiting], logger });
  const { executionId } = await runtime.start('waiting', { input: { card: '4111-1111', key: secret, note: '<img src=x onerror=alert(1)>' } });
  const inspector = await openInspector(runtime, { clock, logger, ...options });
  return { runtime, inspector, clock, executionId, logged, end: async () => {
    await inspector.close();
    await runtime.stop({ timeoutMs: 0 });
  } };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as anybody may write it, with whatever `Host` and `Origin`. */
export function ask(port: number, path: string, { method = 'GET', headers = {}, body }: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
    });
    sent.on('error', reject).end(body);
  });
}

/** Exchanges a code for what the page gets. */
export const exchange = (port: number, code: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const body = JSON.stringify({ code });
  return ask(port, '/inspector/session', { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers }, body });
};

export const codeOf = (url: string): string => /#code=(.+)$/.exec(url)?.[1] ?? '';

/** The page's own way in: a token for the code of an address. */
export const enter = async ({ port, url }: Inspector): Promise<string> => (JSON.parse((await exchange(port, codeOf(url))).body) as { readonly token: string }).token;

/** What a WebSocket comes to: the status that it was refused with, or the code that it was closed with. */
export async function tryLive(port: number, messages: readonly string[], headers: Record<string, string> = {}): Promise<{ readonly refused?: number; readonly closed?: number; readonly heard: string[] }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { headers });
  const heard: string[] = [];
  socket.on('message', data => heard.push((data as Buffer).toString())).on('error', () => {});
  const refused = once(socket, 'unexpected-response').then(([, answer]) => ({ refused: (answer as { statusCode: number }).statusCode, heard }));
  const closed = once(socket, 'close').then(([code]) => ({ closed: code as number, heard }));
  socket.on('open', () => messages.forEach(message => socket.send(message)));
  const came = await Promise.race([refused, closed]);
  socket.terminate();
  return came;
}

/** Asks over a WebSocket as the page does, one question after the other. */
export async function askLive(port: number, token: string, questions: readonly { readonly method: string; readonly params?: object }[]): Promise<unknown[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`);
  const answers: unknown[] = [];
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'hello', versions: [1], token }));
  await once(socket, 'message');
  for (const [id, question] of questions.entries()) {
    socket.send(JSON.stringify({ type: 'request', id: id + 1, ...question }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    const { type, value, code } = JSON.parse(data.toString()) as { readonly type: string; readonly value?: unknown; readonly code?: string };
    answers.push(type === 'error' ? { code } : value);
  }
  socket.close();
  return answers;
}
