import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Inspected } from './open-inspected.ts';
import { askLive, enter, openInspected } from './open-inspected.ts';

let inspected: Inspected | undefined;
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await inspected?.end();
  inspected = undefined;
});

interface Heard {
  readonly type: string;
  readonly cursor?: string | null;
  readonly data?: { readonly held?: unknown; readonly [name: string]: unknown };
  readonly entries?: readonly { readonly seq: number; readonly address: string; readonly state: string | null }[];
}

/** Follows a topic as the page does. */
async function follow(port: number, token: string, topic: string, params: object, { credit = 100, after }: { readonly credit?: number; readonly after?: string } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`);
  sockets.push(socket);
  const heard: Heard[] = [];
  await once(socket, 'open');
  socket.on('message', data => {
    const message = JSON.parse((data as Buffer).toString()) as Heard;
    if (!['welcome', 'ping', 'result'].includes(message.type)) heard.push(message);
  });
  socket.send(JSON.stringify({ type: 'hello', versions: [1], token }));
  socket.send(JSON.stringify({ type: 'subscribe', id: 1, topic, params, credit, ...(after !== undefined && { after }) }));
  const until = async (isThere: (all: readonly Heard[]) => boolean): Promise<void> => {
    while (!isThere(heard)) await nextTurn();
  };
  return { socket, heard, until, more: (count: number) => socket.send(JSON.stringify({ type: 'credit', id: 1, more: count })) };
}

const rest = async (): Promise<void> => {
  for (let turn = 0; turn < 40; turn++) await nextTurn();
};
const toSeqs = (heard: readonly Heard[]): number[] => heard.flatMap(({ entries = [] }) => entries.map(({ seq }) => seq));

describe('the topic execution', () => {
  it('tells each commit once, as fast as it is taken, and goes on from a cursor', async () => {
    inspected = await openInspected();
    const { runtime, inspector: { port }, inspector, executionId } = inspected;
    const token = await enter(inspector);
    const first = await follow(port, token, 'execution', { executionId, history: true }, { credit: 1 });
    await first.until(all => all.length >= 1);
    await rest();
    // A snapshot costs what a commit does: with a credit of one nothing follows it.
    const before = first.heard.length;
    first.more(1);
    await first.until(all => all.some(({ type }) => type === 'commit'));
    expect(first.heard.length).toBe(before + 1);
    const cursor = first.heard.at(-1)?.cursor ?? '';
    const told = toSeqs(first.heard);
    first.socket.terminate();
    await runtime.signal(executionId, 'go', {});
    await runtime.settled(executionId);
    const second = await follow(port, token, 'execution', { executionId }, { after: cursor });
    const { seq } = (await runtime.get(executionId).then(execution => execution.get())) as unknown as { readonly seq: number };
    await second.until(all => (toSeqs(all).at(-1) ?? 0) >= seq || all.some(({ type }) => type === 'error'));
    const all = [...told, ...toSeqs(second.heard)];
    expect(all).toEqual(all.map((_, index) => index + 1));
  });

  it('says what stands still, beside the commits', async () => {
    inspected = await openInspected();
    const { runtime, inspector, executionId } = inspected;
    const live = await follow(inspector.port, await enter(inspector), 'execution', { executionId });
    await live.until(all => all.length > 0);
    expect(live.heard[0]?.data?.held).toBeNull();
    await runtime.debug.pause(executionId);
    await live.until(all => all.some(({ type }) => type === 'volatile'));
    expect(live.heard.find(({ type }) => type === 'volatile')?.data?.held).toMatchObject({ target: executionId, mode: 'paused' });
    const commits = live.heard.filter(({ type }) => type === 'commit').length;
    void runtime.signal(executionId, 'go', {});
    await rest();
    expect(live.heard.filter(({ type }) => type === 'commit')).toHaveLength(commits);
    await runtime.debug.step(executionId);
    await live.until(all => all.some(({ type }) => type === 'commit'));
  });
});

describe('the topic held', () => {
  it('tells what stands and every change of it, and counts as somebody who is there', async () => {
    inspected = await openInspected();
    const { runtime, inspector, executionId } = inspected;
    const token = await enter(inspector);
    const live = await follow(inspector.port, token, 'held', {});
    await live.until(all => all.length > 0);
    expect(live.heard[0]?.data).toEqual({ held: [], breakpoints: [] });
    await runtime.debug.pause(executionId);
    await live.until(all => all.some(({ entries }) => entries !== undefined));
    runtime.debug.resume();
    await live.until(all => JSON.stringify(all).includes('"gone":"resumed"'));
  });
});

describe('the method value', () => {
  it('tells a value a piece at a time, and a part of it by its path', async () => {
    inspected = await openInspected();
    const { inspector, executionId } = inspected;
    const token = await enter(inspector);
    const ask = (params: object): Promise<unknown[]> => askLive(inspector.port, token, [{ method: 'value', params: { executionId, ...params } }]);
    const [part] = (await ask({ of: 'input', path: ['note'] })) as [{ json: string; length: number; path: unknown }];
    expect(part).toMatchObject({ json: '"<img src=x onerror=alert(1)>"', offset: 0, path: ['input', 'note'] });
    let text = '';
    for (let offset = 0; offset < part.length; offset += 7) text += ((await ask({ of: 'input', path: ['note'], offset, limit: 7 })) as [{ json: string }])[0].json;
    expect(text).toBe(part.json);
    expect(await ask({ of: 'event', seq: 1 })).toMatchObject([{ json: expect.stringContaining('flow.start') }]);
    for (const place of [{ of: 'output', step: 'ask' }, { of: 'output', step: 'nobody' }, { of: 'event', seq: 9_999 }, { of: 'input', path: ['__proto__'] }]) expect([place, await ask(place)]).toEqual([place, [{ code: 'value_not_found' }]]);
  });
});
