import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const golden = gunzipSync(readFileSync(new URL('../golden/0.1.0.db.gz', import.meta.url)));
/** After all that is in it. */
const later = Date.UTC(2026, 11, 1);
const settledId = '01a1fca8-7c18-77da-bd83-561a32e12c4f';
const unfinishedId = '01a1fca8-7c56-72c0-9ca1-916743e17693';
const cancelledId = '01a1fca8-7c77-77f5-a22d-a4b177c159e1';

describe.each(['better-sqlite3', 'node:sqlite'] as const)('a database written by 0.1.0, with %s', driver => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-golden-'));
    file = join(folder, 'a.db');
    writeFileSync(file, golden);
  });
  afterEach(async () => {
    await runtime?.stop({ timeoutMs: 0 });
    rmSync(folder, { recursive: true, force: true });
  });

  const runs: string[] = [];
  let runtime: Runtime | undefined;
  let clock = new SimulatedClock(later);
  async function open(): Promise<Runtime> {
    runs.length = 0;
    clock = new SimulatedClock(later);
    const note = (idempotencyKey: string): void => void runs.push(idempotencyKey.slice(idempotencyKey.indexOf('/') + 1));
    ({ runtime } = await openRuntime({ id: 'inner', steps: [{ id: 'ask', uses: 'signal', with: { name: 'answer' } }] }, {
      echo: call => (note(call.idempotencyKey), call.input),
      item: call => (note(call.idempotencyKey), (call.input as number) * 2),
      flaky: () => {
        throw new Error('always');
      },
    }, { store: openSqliteStore({ file, driver }), clock }));
    return runtime as Runtime;
  }

  it('is upgraded when it is opened; every execution in it is the first generation', async () => {
    openSqliteStore({ file, driver }).close();
    const reader = openSqliteReader({ file, driver });
    const list = reader.listExecutions({});
    expect(list.map(({ generation }) => generation)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(reader.countExecutions()).toEqual({ pending: 0, stepping: 2, consolidating: 0, scored: 2, failed: 2 });
    expect(reader.findByIdempotencyKey('settled')?.executionId).toBe(settledId);
    expect(reader.listSteps(reader.getExecution(settledId)?.key ?? 0).every(({ originKey, stale }) => originKey === null && !stale)).toBe(true);
    reader.close();
  });

  it('goes on where it was killed, and runs nothing that had completed', async () => {
    const opened = await open();
    expect(opened.recovered.map(({ executionId }) => executionId)).toEqual([unfinishedId, `${unfinishedId}.child`]);
    await settleTicks();
    await opened.signal(unfinishedId, 'go', 'late');
    await settleTicks();
    await opened.signal(`${unfinishedId}.child`, 'answer', 43);
    const settled = await opened.settled(unfinishedId);
    expect(settled).toMatchObject({ status: 'scored', passed: true, generation: 1 });
    expect(settled.steps.at(-1)?.output).toEqual({ sum: 20, go: 'late', child: 43 });
    expect(runs).toEqual(['each[2]#1', 'sum#1', 'last#1']);
    expect((await (await opened.get(settledId)).get()).steps.at(-1)?.output).toEqual({ sum: 12, go: 'yes', child: 42 });
    await opened.stop();
    const reader = openSqliteReader({ file, driver });
    await expectSound(reader);
    reader.close();
  });

  it('can be retried: what had settled, and what was cancelled', async () => {
    const opened = await open();
    await opened.retry(settledId, { step: 'sum' });
    const again = await opened.settled(settledId);
    expect(again.steps.map(({ stepId, keptFrom }) => [stepId, keptFrom])).toEqual([['list', 1], ['each', 1], ['sum', undefined], ['child', 1], ['go', 1], ['flaky', 1], ['last', undefined]]);
    expect(again.steps.at(-1)?.output).toEqual({ sum: 12, go: 'yes', child: 42 });
    await opened.retry(cancelledId);
    await settleTicks();
    await opened.signal(cancelledId, 'go', 'at last');
    clock.advance(10);
    await settleTicks();
    await opened.signal(`${cancelledId}.child~2`, 'answer', 44);
    expect((await opened.settled(cancelledId)).steps.at(-1)?.output).toEqual({ sum: 6, go: 'at last', child: 44 });
    await opened.stop();
    const reader = openSqliteReader({ file, driver });
    await expectSound(reader);
    reader.close();
  });
});
