import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSeededRandom } from '../../src/core/ids.ts';
import { isAlive } from '../electron/is-alive.ts';
import { listFamily, openDisplay, WindowApp } from './window-app.ts';

const app = inject('app');
const deaths = Number(process.env['DEATHS'] ?? 50);
let display: Awaited<ReturnType<typeof openDisplay>>;

describe.skipIf(inject('lacking') !== '')('a window that follows everything', () => {
  beforeAll(async () => void (display = await openDisplay()));
  afterAll(() => display.close());

  it('misses nothing while its runtime is killed again and again, and does once what it asked for at each death', async () => {
    const ledger = join(app, 'ledger');
    const shell = new WindowApp(app, display.name, [join(app, 'out/ledger-utility.js'), '--ledger', ledger]);
    const random = createSeededRandom(23);
    const window = await shell.open({ title: 'Follower', page: join(app, 'out/follower.html') });
    await shell.run(window, 'await follower.client.list(); window.asked = []');
    const family = new Set(listFamily(shell.shell.pid ?? 0));
    let most = 0;
    for (let n = 1; n <= deaths; n++) {
      await shell.reach('running');
      await shell.until(window, 'return follower.client.connection.state.value === "open"');
      const before = Number(await shell.run(window, 'return follower.opened'));
      // Asked for and not awaited: it is on its way, or stored and not answered, when the process dies.
      await shell.run(window, `asked.push(follower.client.start('order', { input: { n: ${n} }, labels: { n: '${n}' } }).then(({ executionId, created }) => ({ executionId, created }), ({ code }) => ({ code })))`);
      await new Promise(resolve => setTimeout(resolve, random.next() * 40));
      const { pid = 0 } = shell;
      family.add(pid);
      process.kill(pid, 'SIGKILL');
      for (const end = performance.now() + 30_000; performance.now() < end && (shell.pid === pid || shell.state !== 'running'); ) await shell.reach('running').then(() => new Promise(resolve => setTimeout(resolve, 10)));
      await shell.until(window, 'return follower.client.connection.state.value === "open"');
      most = Math.max(most, Number(await shell.run(window, 'return follower.opened')) - before);
    }
    const answers = await shell.run(window, 'return Promise.all(asked)') as { readonly executionId?: string; readonly created?: boolean; readonly code?: string }[];
    // Answered once, by the same key: each began an execution of its own, however often it was sent.
    expect(answers.filter(({ created, code }) => created !== true && code === undefined)).toEqual([]);
    const started = answers.flatMap(({ executionId }) => executionId ?? []);
    expect(new Set(started).size).toBe(started.length);
    for (const executionId of started) await shell.run(window, `await follower.client.signal('${executionId}', 'approved'); await follower.client.settled('${executionId}')`);
    for (let n = 1; n <= deaths; n++) expect(await shell.run(window, `return (await follower.client.list({ labels: { n: '${n}' } })).executions.length`)).toBe(answers[n - 1]?.code === undefined ? 1 : 0);
    // The ledger is out of the database's reach: whatever was done again was done by the same key.
    const lines = existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n') : [];
    expect(new Set(lines.map(line => line.split(' ')[0])).size).toBe(2 * started.length);
    // What the page was told through all deaths is what it is told when it reads from the beginning, once more and in one go.
    const again = await shell.run(window, `return follower.readAgain('${started.at(-1)}')`) as string[];
    await shell.until(window, `return follower.told.length >= ${again.length}`);
    const told = await shell.run(window, 'return follower.told') as string[];
    const count = again.length;
    expect(told.slice(0, count)).toEqual(again);
    expect(new Set(told).size).toBe(told.length);
    expect(count).toBeGreaterThan(started.length * 5);
    console.log(`${deaths} deaths, ${started.length} answered, ${answers.length - started.length} refused, ${count} entries told once, at most ${most} ports asked for after a death`);
    expect(most).toBeLessThanOrEqual(3);
    await shell.close();
    expect([...family].filter(isAlive)).toEqual([]);
  });
});
