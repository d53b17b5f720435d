import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/index.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { inspectCommand } from '../../src/views/cli/inspect-command.ts';
import { askLive, codeOf, exchange } from './open-inspected.ts';

let folder = '';
let runtime: Runtime | undefined;
const file = (): string => join(folder, 'a.db');
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'flowstone-inspected-'))));
afterEach(async () => {
  vi.restoreAllMocks();
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
  rmSync(folder, { recursive: true });
});

interface Begun {
  readonly role: string;
  readonly port: number;
  readonly token: string;
  readonly control: { readonly may: boolean; readonly why: string | null };
  end(): Promise<unknown>;
}

/** The command as it is typed, until it is told to stop as by Ctrl-C. */
async function begin(): Promise<Begun> {
  let stop: ((signal: string) => void) | undefined;
  vi.spyOn(process, 'on').mockImplementation(((name: string, listener: (signal: string) => void) => {
    if (name === 'SIGINT') stop = listener;
    return process;
  }) as never);
  const written: string[] = [];
  const stdout = { write: (text: string) => void written.push(text) } as never;
  const ending = inspectCommand({ db: file() }, { stdout, stderr: stdout, env: {}, cwd: folder, clock: systemClock, json: true } as never);
  ending.catch(() => {});
  while (written.length === 0) await nextTurn();
  const { url, role } = JSON.parse(written[0] ?? '') as { readonly url: string; readonly role: string };
  const port = Number(new URL(url).port);
  const { token, control } = JSON.parse((await exchange(port, codeOf(url))).body) as Pick<Begun, 'token' | 'control'>;
  return { role, port, token, control, end: () => {
    stop?.('SIGINT');
    return ending;
  } };
}

/** What is in the folder, byte for byte. SQLite's own index of a log, and a log that is empty, are nothing. */
const listFiles = (): unknown[] => readdirSync(folder).toSorted().flatMap(name => {
  const bytes = readFileSync(join(folder, name));
  return name.endsWith('-shm') || (name.endsWith('-wal') && bytes.length === 0) ? [] : [[name, createHash('sha256').update(bytes).digest('hex')]];
});
const listCopies = (): string[] => readdirSync(tmpdir()).filter(name => name.startsWith('flowstone-inspect-'));
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });

it('steers an execution through whoever owns the file', async () => {
  runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting] });
  const { executionId } = await runtime.start('waiting');
  const { role, port, token, control, end } = await begin();
  expect([role, control]).toEqual(['client', { may: true, why: null }]);
  const [held, looked, startable] = await askLive(port, token, [{ method: 'pause', params: { target: executionId } }, { method: 'inspect', params: { executionId } }, { method: 'flows' }]);
  expect([looked, startable]).toMatchObject([{ execution: { executionId } }, [{ id: 'waiting' }]]);
  expect(held).toMatchObject({ target: executionId, mode: 'paused' });
  expect(runtime.health().heldByInspector).toEqual([executionId]);
  void runtime.signal(executionId, 'go', {});
  while (runtime.debug.held()[0]?.count !== 1) await nextTurn();
  const [preview, stepped] = await askLive(port, token, [{ method: 'preview', params: { target: executionId } }, { method: 'step', params: { target: executionId } }]);
  expect([(preview as { entries: { state: string }[] }).entries.some(({ state }) => state === 'completed'), stepped]).toEqual([true, true]);
  expect((await runtime.settled(executionId)).passed).toBe(true);
  expect(await end()).toMatchObject({ exitCode: 0 });
});

it('only looks where nobody owns it, says so, and writes nothing to it', async () => {
  runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting] });
  const { executionId } = await runtime.start('waiting');
  await runtime.stop({ timeoutMs: 0 });
  const before = listFiles();
  const { role, port, token, control, end } = await begin();
  expect([role, control]).toEqual(['reader', { may: false, why: 'No process owns the database: it can be looked at' }]);
  const answers = await askLive(port, token, [{ method: 'pause', params: { target: executionId } }, { method: 'start', params: { flowId: 'waiting' } }, { method: 'inspect', params: { executionId } }, { method: 'value', params: { executionId, of: 'input' } }]);
  expect(answers).toMatchObject([{ code: expect.any(String) }, { code: expect.any(String) }, { execution: { executionId } }, { json: '{}' }]);
  await end();
  expect(listFiles()).toEqual(before);
});

it('looks at a file of an older version through a copy, and leaves it as it was', async () => {
  writeFileSync(file(), gunzipSync(readFileSync(new URL('../golden/0.1.0.db.gz', import.meta.url))));
  const before = listFiles();
  const copies = listCopies().length;
  const { role, port, token, end } = await begin();
  expect(role).toBe('reader');
  expect(listCopies()).toHaveLength(copies + 1);
  const [found] = await askLive(port, token, [{ method: 'inspect', params: { executionId: '01a1fca8-7c18-77da-bd83-561a32e12c4f' } }]);
  expect(found).toMatchObject({ execution: { status: 'scored' } });
  await end();
  expect([listFiles(), listCopies().length]).toEqual([before, copies]);
});
