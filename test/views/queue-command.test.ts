import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { settleTicks, until } from '../runtime/open-runtime.ts';
import { createFolder, killAll, run as runIn, start } from './program-harness.ts';

const mails = defineQueue({ name: 'mails', maxAttempts: 1 });
let folder: ReturnType<typeof createFolder>;
let runtime: Runtime | undefined;
beforeEach(() => void (folder = createFolder()));
afterEach(async () => {
  killAll();
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
  folder.remove();
});

const run = (argv: readonly string[]) => runIn(['queue', ...argv], folder.path, { FLOWSTONE_DB: join(folder.path, 'own.db') });

/** Two that are done, two that are dead, one that waits. */
async function fill(): Promise<readonly string[]> {
  runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'own.db'), durability: 'process' }), queues: [mails] });
  let handled = 0;
  const consumer = await runtime.consume(mails, ({ payload }) => {
    handled++;
    if (payload === 'bad') throw Object.assign(new Error('no \u001B[31mserver'), { code: 'mail_refused' });
  });
  const published = await runtime.publishMany(mails, ['good', 'bad', 'good', 'bad'].map(payload => ({ payload })));
  await until(() => handled === 4);
  await settleTicks();
  await consumer.stop();
  await runtime.publish(mails, 'waiting');
  return published.map(({ messageId }) => messageId);
}

describe('flowstone queue', () => {
  it('shows queues, figures and messages while another process owns the database', async () => {
    const [, dead = ''] = await fill();
    expect((await run(['list'])).stdout).toMatch(/mails\s+1\s+2\s+2/);
    const { queues } = JSON.parse((await run(['stats', 'mails', '--json'])).stdout) as { queues: { depth: number; dead: number; completed: number; latencyMs: object }[] };
    expect(queues).toMatchObject([{ queue: 'mails', depth: 1, dead: 2, completed: 2, latencyMs: { p50: expect.any(Number) } }]);
    expect((await run(['stats'])).stdout).toMatch(/p50 \/ p95 \/ p99/);
    expect((await run(['peek', 'mails'])).stdout).toContain('"waiting"');
    const letters = await run(['dead', 'mails']);
    expect(letters.stdout).toContain('mail_refused: no server');
    expect(letters.stdout).not.toContain('\u001B[31m');
    expect((await run(['peek', 'mails', dead])).stdout).toMatch(/message\.publish[\s\S]*message\.claim[\s\S]*message\.fail/);
    const { messages } = JSON.parse((await run(['peek', 'mails', '--status', 'completed', '--limit', '1', '--json'])).stdout) as { messages: object[] };
    expect(messages).toMatchObject([{ status: 'completed', payload: 'good', history: [{ event: 'message.publish' }, { event: 'message.claim' }, { event: 'message.ack' }] }]);
  });

  it('redrives and purges through the owner, and by itself when there is none', async () => {
    const [, first = '', , second = ''] = await fill();
    expect(await run(['redrive', 'mails', first])).toMatchObject({ code: 0, stdout: `Redrove ${first} of queue "mails".\n` });
    expect(await runtime?.queues.get(first)).toMatchObject({ status: 'pending', generation: 2 });
    expect(await run(['redrive', 'mails', first])).toMatchObject({ code: 1 });
    expect(await run(['purge', 'mails', '--status', 'completed', '--json'])).toMatchObject({ code: 0, stdout: expect.stringContaining('"purged":2') });
    await runtime?.stop();
    runtime = undefined;
    expect(await run(['redrive', 'mails'])).toMatchObject({ code: 0, stdout: 'Redrove 1 message of queue "mails".\n' });
    expect(JSON.parse((await run(['peek', 'mails', second, '--json'])).stdout)).toMatchObject({ message: { status: 'pending' } });
    expect(await run(['redrive', 'mails'])).toMatchObject({ code: 0, stdout: 'Nothing to redrive in queue "mails".\n' });
  });

  it.each([
    [['lisst'], 2, 'did you mean `list`'], [['peek'], 2, 'the name of a queue'], [['peek', 'mails', '--status', 'ded'], 2, 'did you mean `dead`'],
    [['list'], 0, 'there is no database'], [['redrive', 'mails'], 2, 'Expected a database at'], [['purge', 'mails', '--status', 'pending'], 2, 'only settled messages are purged'],
  ])('answers %j with exit code %i', async (argv, code, text) => {
    const ended = await run(argv);
    expect(`${ended.stdout}${ended.stderr}`).toContain(text);
    expect(ended.code).toBe(code);
  });

  it('looks again and again with --watch, a line of JSON each time, until it is stopped', async () => {
    await fill();
    const child = start(['queue', 'list', '--watch', '--interval', '1', '--json', '--db', join(folder.path, 'own.db')], folder.path);
    await child.saw('"depth":1');
    await runtime?.publish(mails, 'more');
    await child.saw('"depth":2');
    child.kill('SIGINT');
    const { stdout, code } = await child.ended;
    for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ queues: [{ queue: 'mails' }] });
    expect(code).toBe(0);
  });
});
