import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/core/ids.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createClient } from '../../src/runtime/create-client.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { until } from '../kit/until.ts';
import { fuzzProtocol } from './fuzz-protocol.ts';

const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
let folder = '';
let runtime: Runtime;
const file = (): string => join(folder, 'a.db');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-fuzz-'));
  runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting] });
});

afterEach(async () => {
  await runtime.stop();
  rmSync(folder, { recursive: true });
});

const socketOf = (): string => runtime.health().owner.socket ?? '';

it('gives a named error to whatever it is sent, and goes on', { timeout: 60_000 }, async () => {
  const { wrong, codes, answered } = await fuzzProtocol(socketOf(), createSeededRandom(15), 4_000);
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(1_000);
  expect([...codes.keys()]).toEqual(expect.arrayContaining(['message_invalid', 'message_unknown', 'field_unknown', 'method_unknown', 'request_invalid', 'topic_unknown']));
  const client = createClient({ read: () => openSqliteReader({ file: file() }) });
  const { executionId } = await client.start('waiting');
  expect(await client.cancel(executionId)).toBe(true);
  client.close();
});

it('lets a client in beside a thousand that are idle, said hello or not', { timeout: 60_000 }, async () => {
  const idle: Socket[] = [];
  let answers = 0;
  for (let count = 0; count < 1_000; count++) {
    const socket = connect(socketOf());
    socket.on('error', () => {}).on('data', () => answers++);
    if (count % 2 === 0) socket.write('{"type":"hello","versions":[1]}\n');
    idle.push(socket);
    if (count % 50 === 49) await until(() => answers >= (count + 1) / 2);
  }
  const client = createClient({ read: () => openSqliteReader({ file: file() }) });
  const { executionId } = await client.start('waiting');
  expect((await client.list()).executions).toMatchObject([{ executionId }]);
  client.close();
  for (const socket of idle) socket.destroy();
});
