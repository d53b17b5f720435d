import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../kit/until.ts';
import type { ServedProgram } from './serve-program.ts';
import { serve, toJson } from './serve-program.ts';

let folder: string;
let database: string;
const running: ServedProgram[] = [];
const start = async (...args: Parameters<typeof serve>): Promise<ServedProgram> => {
  const served = await serve(...args);
  running.push(served);
  return served;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-serve-'));
  database = join(folder, 'x.db');
  const flows = join(folder, 'flows');
  mkdirSync(flows);
  writeFileSync(join(flows, 'order.yml'), 'id: order\nsteps:\n  - { id: a, uses: tool:pause }\n  - { id: b, uses: tool:pause, depends_on: [a] }\n  - { id: c, uses: tool:pause, depends_on: [b] }\n');
  writeFileSync(join(flows, 'block.yml'), 'id: block\nsteps:\n  - { id: a, uses: tool:block }\n');
  writeFileSync(join(flows, 'asks.yml'), 'id: asks\nsteps:\n  - { id: a, uses: signal, with: { name: go } }\n');
  writeFileSync(join(flows, 'order.tools.ts'), `
import { defineTool } from 'flowstone';
export const pause = defineTool({ name: 'pause', run: async () => { await new Promise(resolve => setTimeout(resolve, 5)); return { ok: true }; } });
export const block = defineTool({ name: 'block', run: async () => { const until = Date.now() + 5_000; while (Date.now() < until); return {}; } });
`);
});
afterEach(async () => {
  for (const served of running.splice(0)) {
    served.process.kill('SIGKILL');
    await served.ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

const readStatus = async (served: ServedProgram, id: string): Promise<string> => ((await (await served.ask(`/executions/${id}`)).json()) as { status: string }).status;

describe('a server', () => {
  it('says where its token is, which only its user can read, and keeps it', async () => {
    const served = await start(join(folder, 'flows'), database);
    expect(Buffer.from(served.token, 'base64url')).toHaveLength(32);
    expect(statSync(`${database}.token`).mode & 0o777).toBe(0o600);
    expect((await fetch(`${served.url}/api/v1/flows`)).status).toBe(401);
    expect(((await (await served.ask('/flows')).json()) as { items: { flowId: string }[] }).items.map(({ flowId }) => flowId)).toEqual(['asks', 'block', 'order']);
    served.process.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    const again = await start(join(folder, 'flows'), database);
    expect(again.token).toBe(served.token);
    expect(again.errors() + served.errors()).not.toContain(served.token);
  });

  it('is started with no token that others can read, and listens elsewhere only with one of its own', async () => {
    writeFileSync(`${database}.token`, `${'x'.repeat(43)}\n`);
    chmodSync(`${database}.token`, 0o644);
    await expect(start(join(folder, 'flows'), database)).rejects.toThrow(/token_file_unsafe/);
    rmSync(`${database}.token`);
    await expect(start(join(folder, 'flows'), database, ['--host', '0.0.0.0'])).rejects.toThrow(/a token of your own with --host/);
    const own = await start(join(folder, 'flows'), database, ['--host', '127.0.0.2'], { FLOWSTONE_TOKEN: 'a-token-of-my-own-0123456789' });
    expect((await own.ask('/flows')).status).toBe(200);
  });

  it('finds a run again under the id of the first answer, killed at any time', async () => {
    const rounds = Number(process.env['KILL_ROUNDS'] ?? 2);
    const answered: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const served = await start(join(folder, 'flows'), database);
      for (const id of answered) expect((await served.ask(`/executions/${id}`)).status).toBe(200);
      const asking = Array.from({ length: 6 }, async (_value, number) => {
        const answer = await served.ask('/flows/order/run', toJson({ idempotencyKey: `${round}-${number}` }));
        const { executionId } = (await answer.json()) as { executionId: string };
        answered.push(executionId);
      });
      const enough = until(async () => answered.length > round * 2);
      await Promise.race([enough, Promise.allSettled(asking)]);
      served.process.kill('SIGKILL');
      await Promise.allSettled(asking);
      await served.ended;
    }
    const last = await start(join(folder, 'flows'), database);
    // One that had no answer is asked again, and is not started twice.
    for (let number = 0; number < 6; number++) {
      const key = { idempotencyKey: `0-${number}` };
      const [first, second] = [await last.ask('/flows/order/run', toJson(key)), await last.ask('/flows/order/run', toJson(key))];
      expect(((await first.json()) as { executionId: string }).executionId).toBe(((await second.json()) as { executionId: string }).executionId);
    }
    for (const id of answered) await until(async () => (await readStatus(last, id)) === 'scored');
    expect(answered.length).toBeGreaterThan(0);
  });

  it('answers reads while the owner’s event loop stands still, and passes commands on', async () => {
    const owner = await start(join(folder, 'flows'), database);
    const beside = await start(join(folder, 'flows'), database);
    expect([owner.role, beside.role]).toEqual(['owner', 'client']);
    const started = await beside.ask('/flows/asks/run', toJson({ agent: 'curl' }));
    const { executionId } = (await started.json()) as { executionId: string };
    expect(started.status).toBe(202);
    // The handler begins before the answer leaves; the loop stands still for five seconds.
    const blocking = beside.ask('/flows/block/run', toJson({}));
    await until(async () => !(await Promise.race([owner.ask('/health').then(() => true), new Promise<boolean>(resolve => setTimeout(() => resolve(false), 400))])));
    const begun = performance.now();
    for (const path of ['/executions', `/executions/${executionId}`, '/flows', '/benchmarks', '/stats', `/flow-logs/${executionId}`, '/queues', '/metrics']) expect([path, (await beside.ask(path)).status]).toEqual([path, 200]);
    const blocked = await Promise.race([owner.ask('/executions').then(() => false), new Promise<boolean>(resolve => setTimeout(() => resolve(true), 1))]);
    expect([blocked, performance.now() - begun < 4_000]).toEqual([true, true]);
    expect((await beside.ask(`/executions/${executionId}/signals/go`, toJson({}))).status).toBe(202);
    expect((await blocking).status).toBe(202);
    await until(async () => (await readStatus(beside, executionId)) === 'scored');
  });

  it('only reads when it is told to, also what is started meanwhile', async () => {
    const owner = await start(join(folder, 'flows'), database);
    const reading = await start(join(folder, 'flows'), database, ['--read-only']);
    expect(reading.role).toBe('reader');
    const { executionId } = (await (await owner.ask('/flows/asks/run', toJson({}))).json()) as { executionId: string };
    expect(await readStatus(reading, executionId)).toMatch(/pending|stepping/);
    expect((await reading.ask(`/executions/${executionId}/stop`, toJson({}))).status).toBe(403);
    owner.process.kill('SIGKILL');
    await owner.ended;
    expect((await reading.ask(`/executions/${executionId}`)).status).toBe(200);
    expect((await reading.ask('/health')).status).toBe(503);
  });

  it.skipIf(process.platform !== 'linux')('opens the inspector of what it serves, by a code for one use and no token', async () => {
    const opened = join(folder, 'opened');
    writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" > '${opened}.part' && mv '${opened}.part' '${opened}'\n`, { mode: 0o755 });
    const served = await start(join(folder, 'flows'), database, ['--open'], { PATH: `${folder}:${process.env['PATH'] ?? ''}` });
    await until(async () => existsSync(opened));
    const url = new URL(readFileSync(opened, 'utf8'));
    expect([url.origin, url.pathname]).toEqual([served.url, '/inspector/']);
    expect(url.href).not.toContain(served.token);
    const exchange = (): Promise<Response> => fetch(`${served.url}/inspector/session`, toJson({ code: new URLSearchParams(url.hash.slice(1)).get('code') }));
    const { token, control } = (await (await exchange()).json()) as { token: string; control: { may: boolean } };
    expect(control).toEqual({ may: true, why: null });
    expect((await fetch(`${served.url}/api/v1/flows`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await exchange()).status).toBe(401);
  });

  it('takes its folder over again when it is asked to, and ends in good order, also while somebody waits', async () => {
    const served = await start(join(folder, 'flows'), database);
    writeFileSync(join(folder, 'flows/new.yml'), 'id: new\nsteps:\n  - { id: a, uses: tool:pause }\n');
    writeFileSync(join(folder, 'flows/bad.yml'), 'id: bad\nsteps:\n  - { id: a, uses: tool:paus }\n');
    expect(await (await served.ask('/sync', { method: 'POST' })).json()).toMatchObject({ new: 1, changed: 0, unchanged: 3, invalid: [{ file: 'bad.yml', code: 'unknown_tool', line: 3 }] });
    const ran = await served.ask('/flows/new/run', toJson({ wait: '20s' }));
    expect([ran.status, ((await ran.json()) as { execution: { passed: boolean } }).execution.passed]).toEqual([200, true]);
    const waiting = served.ask('/flows/asks/run', toJson({ wait: '60s' })).catch(() => undefined);
    await until(async () => ((await (await served.ask('/executions')).json()) as { items: { flowId: string }[] }).items.some(({ flowId }) => flowId === 'asks'));
    served.process.kill('SIGINT');
    expect(await served.ended).toBe(0);
    await waiting;
  });
});
