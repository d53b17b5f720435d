import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { JoinedRuntime } from '../../src/runtime/join-runtime.ts';
import { joinRuntime } from '../../src/runtime/join-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { until } from '../kit/until.ts';
import { createGate } from '../runtime/open-runtime.ts';

const jobs = defineQueue({ name: 'jobs', maxAttempts: 1 });
const opened: JoinedRuntime[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const joined of opened.splice(0)) await joined.stop({ timeoutMs: 100 });
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function makeFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-join-'));
  folders.push(folder);
  return join(folder, 'jobs.db');
}

async function open(file: string): Promise<JoinedRuntime> {
  const joined = await joinRuntime({ open: () => openSqliteStore({ file, durability: 'process' }), read: () => openSqliteReader({ file }), queues: [jobs] });
  opened.push(joined);
  return joined;
}

describe('processes that share a store', () => {
  it('are an owner and guests; a guest publishes, consumes, looks after queues', async () => {
    const file = makeFile();
    const owner = await open(file);
    const guest = await open(file);
    expect([owner.role, guest.role]).toEqual(['owner', 'guest']);
    const seen: string[] = [];
    await owner.consume(jobs, ({ payload }) => void seen.push(`owner ${String(payload)}`), { instance: 'a' });
    await guest.consume(jobs, call => {
      if (call.payload === 'bad') throw Object.assign(new Error('no'), { code: 'bad_job' });
      seen.push(`guest ${String(call.payload)}`);
      if (call.payload === 2) call.publish(jobs, 'from a handler', { to: { instance: 'a' } });
    }, { instance: 'b', workers: 2 });
    await until(async () => (await guest.queues.instances()).length === 2);
    expect(await guest.publish(jobs, 1, { to: 'all', idempotencyKey: 'k' })).toMatchObject({ copies: 2, duplicate: false });
    expect(await guest.publish(jobs, 1, { to: 'all', idempotencyKey: 'k' })).toMatchObject({ duplicate: true });
    await until(() => seen.length === 2);
    expect(seen.toSorted()).toEqual(['guest 1', 'owner 1']);
    await owner.publish(jobs, 2, { to: { instance: 'b' } });
    await until(() => seen.includes('owner from a handler'));
    const { messageId } = await guest.publish(jobs, 'bad', { to: { instance: 'b' } });
    await until(async () => (await guest.queues.get(messageId)).status === 'dead');
    expect((await guest.queues.peek('jobs', { status: 'dead' }))[0]).toMatchObject({ reason: { code: 'bad_job' } });
    expect(await guest.queues.redrive('jobs')).toBe(1);
    await until(async () => (await guest.queues.get(messageId)).generation === 2);
    await until(async () => (await guest.queues.stats('jobs'))[0]?.dead === 1);
    expect(await guest.queues.purge('jobs')).toBe(1);
    await expect(guest.queues.get(messageId)).rejects.toMatchObject({ code: 'message_not_found' });
    await expect(guest.publish('jib', 1)).rejects.toMatchObject({ code: 'queue_unknown' });
    await guest.queues.forgetInstance('jobs', 'b');
    expect(await guest.queues.instances()).toMatchObject([{ instance: 'a' }]);
  });

  it('go on under a guest when the owner leaves, with the handlers that run', async () => {
    const file = makeFile();
    const owner = await open(file);
    const guest = await open(file);
    const gate = createGate();
    const attempts: number[] = [];
    await guest.consume(jobs, ({ attempt, interruptions }) => {
      attempts.push(attempt + interruptions * 10);
      return gate.promise;
    });
    const { messageId } = await owner.publish(jobs, 1);
    await until(() => attempts.length === 1);
    await owner.stop();
    await until(() => guest.role === 'owner');
    expect((await guest.queues.get(messageId)).status).toBe('processing');
    gate.open();
    await until(async () => (await guest.queues.get(messageId)).status === 'completed');
    expect(attempts).toEqual([1]);
    expect(await guest.publish(jobs, 2)).toMatchObject({ copies: 1 });
  });

  it('give back what a guest has claimed when its connection ends, at once', async () => {
    const file = makeFile();
    const owner = await open(file);
    const address = openSqliteReader({ file });
    const socket = connect(address.getOwner()?.socket ?? '');
    address.close();
    const lines: string[] = [];
    socket.setEncoding('utf8').on('data', (text: string) => lines.push(text));
    const say = (message: object): boolean => socket.write(`${JSON.stringify(message)}\n`);
    say({ type: 'hello', versions: [1] });
    say({ type: 'subscribe', id: 1, topic: 'messages', params: { client: 'guest:x', receipts: [] }, credit: 10 });
    say({ type: 'request', id: 2, method: 'claim', params: { id: 1, queue: 'jobs', instance: null, max: 1, leaseMs: 60_000 } });
    const { messageId } = await owner.publish(jobs, 'claimed by a raw client');
    await until(() => lines.join('').includes('"deliver"'));
    expect((await owner.queues.get(messageId)).status).toBe('processing');
    socket.destroy();
    await until(async () => (await owner.queues.get(messageId)).status === 'pending');
    expect(await owner.queues.get(messageId)).toMatchObject({ attempt: 0, interruptions: 1 });
  });

  it('refuse what is no command, and go on', async () => {
    const file = makeFile();
    const owner = await open(file);
    const reader = openSqliteReader({ file });
    const socket = connect(reader.getOwner()?.socket ?? '');
    reader.close();
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    const messages = [
      { type: 'hello', versions: [1] },
      { type: 'request', id: 1, method: 'drop' },
      { type: 'request', id: 2, method: 'claim', params: { id: 1, queue: 'jobs', instance: null, max: 1, leaseMs: 1 } },
      { type: 'subscribe', id: 3, topic: 'messages', params: { client: 'local:1', receipts: [] }, credit: 1 },
    ];
    socket.write(messages.map(message => `${JSON.stringify(message)}\n`).join(''));
    await until(() => text.trim().split('\n').length === 4);
    const said = text.trim().split('\n').map(line => JSON.parse(line) as { id: number; code: string });
    expect(said.slice(1).map(({ id, code }) => [id, code]).toSorted()).toEqual([[1, 'method_unknown'], [2, 'request_invalid'], [3, 'request_invalid']]);
    socket.destroy();
    expect(await owner.publish(jobs, 1)).toMatchObject({ copies: 1 });
  });
});
