import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock, systemClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { connectToOwner } from '../../src/owner/connect-to-owner.ts';
import { OwnerConnection } from '../../src/owner/owner-connection.ts';
import { connectSocket } from '../../src/owner/socket-carrier.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });

let folder = '';
const opened: Runtime[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owner-'));
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(runtime => runtime.stop()));
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'a.db') }), flows: [waiting], ...options });
  opened.push(runtime);
  return runtime;
}

async function askOwner(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'ask-owner.ts'), ...args]);
  return JSON.parse(stdout);
}

const socketOf = (runtime: Runtime): string => runtime.health().owner.socket ?? '';

describe('the owner of a database', () => {
  it('takes a signal from a second process, and answers when it is stored', async () => {
    const runtime = await open();
    const execution = await runtime.start('waiting');
    expect(await askOwner(socketOf(runtime), 'signal', execution.executionId, 'go', '{"text":"grüße"}')).toEqual({ answer: null });
    const { steps } = await execution.settled();
    expect(steps[0]?.output).toEqual({ text: 'grüße' });
  });

  it('takes a cancel from a second process, and says when there was nothing left to cancel', async () => {
    const runtime = await open();
    const { executionId } = await runtime.start('waiting');
    expect(await askOwner(socketOf(runtime), 'cancel', executionId, 'enough')).toEqual({ answer: true });
    expect(await runtime.settled(executionId)).toMatchObject({ status: 'failed', failure: { code: 'cancelled', message: 'enough' } });
    expect(await askOwner(socketOf(runtime), 'cancel', executionId)).toEqual({ answer: false });
  });

  it('gives its own errors back with their codes', async () => {
    const runtime = await open();
    expect(await askOwner(socketOf(runtime), 'signal', 'nobody', 'go')).toMatchObject({ code: 'execution_not_found' });
  });

  it('answers a second process only after the commit', async () => {
    const store = openSqliteStore({ file: join(folder, 'a.db') });
    const runtime = await open({ store });
    const { executionId } = await runtime.start('waiting');
    const reader = openSqliteReader({ file: join(folder, 'a.db') });
    const owner = await connectToOwner(socketOf(runtime));
    const statuses = owner.request('cancel', { executionId }).then(async () => (await reader.getExecution(executionId))?.status);
    expect(await statuses).toBe('failed');
    owner.close();
    reader.close();
  });

  it('lets only its own user in, and takes the socket away when it stops', async () => {
    const runtime = await open();
    const socket = socketOf(runtime);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(Buffer.byteLength(socket)).toBeLessThan(104);
    await runtime.stop();
    expect(existsSync(socket)).toBe(false);
  });

  it('names its socket to whoever reads the database', async () => {
    const runtime = await open();
    const reader = openSqliteReader({ file: join(folder, 'a.db') });
    expect(await reader.getOwner()).toMatchObject({ pid: process.pid, socket: socketOf(runtime) });
    reader.close();
  });

  it('does not listen when told not to, nor for a store that no other process sees', async () => {
    const silent = await open({ listen: false });
    expect(silent.health().owner.socket).toBeNull();
    const { runtime } = await openRuntime(waiting, {});
    expect(runtime.health().owner.socket).toBeNull();
    await runtime.stop();
  });

  it('says why it cannot listen when it must, and gives the database back', async () => {
    const before = process.env['TMPDIR'];
    const common = mkdtempSync(join(tmpdir(), 'common-'));
    mkdirSync(join(common, `flowstone-${userInfo().uid}`));
    chmodSync(join(common, `flowstone-${userInfo().uid}`), 0o777);
    process.env['TMPDIR'] = common;
    try {
      await expect(open({ listen: true })).rejects.toMatchObject({ code: 'socket_folder_unsafe' });
      const runtime = await open();
      expect(runtime.health().owner.socket).toBeNull();
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      rmSync(common, { recursive: true });
    }
  });

  it('removes what an owner that was killed left behind', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../runtime/own-database.ts'), join(folder, 'a.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { socket } = JSON.parse(line.toString()) as { socket: string };
    // Ask once, so that it certainly listens.
    await expect(connectToOwner(socket).then(async owner => owner.request('cancel', { executionId: 'nobody' }).finally(() => owner.close()))).rejects.toMatchObject({ code: 'execution_not_found' });
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(existsSync(socket)).toBe(true);
    const runtime = await open();
    expect(existsSync(socket)).toBe(false);
    const { executionId } = await runtime.start('waiting');
    expect(await askOwner(socketOf(runtime), 'cancel', executionId)).toEqual({ answer: true });
  });

  it('refuses what is not a request, and a request that is too long, and goes on', async () => {
    const runtime = await open({ maxOutputBytes: 1_000 });
    const say = async (text: string, answers = 1): Promise<unknown[]> => {
      const socket = connect(socketOf(runtime)).setEncoding('utf8');
      socket.write(text);
      let said = '';
      while (said.split('\n').length <= answers) said += String(await once(socket, 'data'));
      socket.destroy();
      return said.trim().split('\n').map(line => JSON.parse(line) as unknown);
    };
    const hello = `${JSON.stringify({ type: 'hello', versions: [1] })}\n`;
    expect(await say('hello\n')).toMatchObject([{ type: 'error', id: null, code: 'message_invalid' }]);
    expect(await say(`${hello}{"type":"request","id":1,"method":"drop"}\n`, 2)).toMatchObject([{ type: 'welcome' }, { id: 1, code: 'method_unknown' }]);
    expect(await say('x'.repeat(200_000))).toMatchObject([{ type: 'goodbye', code: 'request_too_large' }]);
    const { executionId } = await runtime.start('waiting');
    expect(await askOwner(socketOf(runtime), 'cancel', executionId)).toEqual({ answer: true });
  });

  it('answers many requests on one connection', async () => {
    const runtime = await open();
    const owner = await connectToOwner(socketOf(runtime));
    const executions = await Promise.all(Array.from({ length: 50 }, () => runtime.start('waiting')));
    const answers = await Promise.all(executions.map(async ({ executionId }) => owner.request('cancel', { executionId })));
    expect(answers.every(Boolean)).toBe(true);
    owner.close();
  });
});

describe('a process that asks the owner', () => {
  it('is told that nobody is there', async () => {
    await expect(connectToOwner(join(folder, 'none.sock'))).rejects.toMatchObject({ code: 'owner_unreachable' });
  });

  it('gives up on an owner that does not answer', async () => {
    const clock = new SimulatedClock();
    const server = createServer(() => {}).listen(join(folder, 'mute.sock'));
    await once(server, 'listening');
    const carrier = await connectSocket(join(folder, 'mute.sock'), clock, 5_000);
    const opening = OwnerConnection.open(carrier, { clock, timeoutMs: 5_000 });
    clock.advance(5_000);
    await expect(opening).rejects.toMatchObject({ code: 'owner_silent' });
    server.close();
  });

  it('is told when the owner goes away before it has answered', async () => {
    const server = createServer(socket => socket.on('data', () => socket.destroy())).listen(join(folder, 'rude.sock'));
    await once(server, 'listening');
    await expect(connectToOwner(join(folder, 'rude.sock'), { clock: systemClock })).rejects.toMatchObject({ code: 'owner_silent' });
    server.close();
  });

  it('is told when the runtime has stopped', async () => {
    const runtime = await open();
    const owner = await connectToOwner(socketOf(runtime));
    await runtime.stop();
    await expect(owner.request('cancel', { executionId: 'any' })).rejects.toMatchObject({ code: expect.stringMatching(/^(owner_silent|runtime_stopped)$/) });
  });
});
