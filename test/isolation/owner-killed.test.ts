import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { findRunner, isRunnerAlive, runOwner } from './kill-owner.ts';
import { expectTakenIn, makePlace, readLines, tools } from './open-isolated.ts';
import { until } from '../kit/until.ts';

describe('an owner killed with SIGKILL', () => {
  it('leaves the process alone, and its successor takes in what that did meanwhile', async () => {
    const place = makePlace();
    const log = join(place.folder, 'log');
    const args = [place.file, 1, 6, log, 250];
    const { ids: [executionId = ''] } = await runOwner(args, undefined, () => until(() => readLines(log).length >= 3, 'two steps have begun'));
    const process = findRunner(place.processes, executionId);
    expect(isRunnerAlive(place.processes, executionId)).toBe(true);
    const { code, ids } = await runOwner(args, undefined);
    expect({ code, ids }).toEqual({ code: 0, ids: [executionId] });
    // The same process, and nothing was done twice.
    expect(findRunner(place.processes, executionId)).toEqual(process);
    expect(readLines(log).filter(line => line.startsWith('begin'))).toHaveLength(6);
    await expectTakenIn(place, executionId);
  });

  it('takes in what a process did that was killed, too, and goes on in a new one', async () => {
    const place = makePlace();
    const log = join(place.folder, 'log');
    const args = [place.file, 1, 4, log, 300];
    const { ids: [executionId = ''] } = await runOwner(args, undefined, () => until(() => readLines(log).length >= 3, 'two steps have begun'));
    process.kill(findRunner(place.processes, executionId)?.pid ?? 0, 'SIGKILL');
    expect((await runOwner(args, undefined)).code).toBe(0);
    const begun = readLines(log).filter(line => line.startsWith('begin')).map(line => line.split(' ')[2]);
    // The step that was cut off began once more, under the same key; the one before it did not.
    expect(new Set(begun).size).toBe(4);
    expect(begun).toHaveLength(5);
    await expectTakenIn(place, executionId);
  });

  it('takes everything in once, however often it is killed while it does', async () => {
    const place = makePlace();
    const log = join(place.folder, 'log');
    const args = [place.file, 2, 25, log, 20];
    let kills = 0;
    let ids: readonly string[] = [];
    for (const delay of [60, 5, 120, 30, 15, 200]) {
      const run = await runOwner(args, delay);
      ids = run.ids;
      if (run.code === 0) break;
      kills++;
    }
    const last = await runOwner(args, undefined);
    expect(last).toEqual({ code: 0, ids });
    expect(kills).toBeGreaterThanOrEqual(2);
    for (const executionId of ids) await expectTakenIn(place, executionId);
    // The processes never noticed.
    expect(readLines(log).filter(line => line.startsWith('begin'))).toHaveLength(50);
    expect(new Set(readLines(log).map(line => line.split(' ')[1])).size).toBe(2);
  });
});

/** A store whose owner loses its memory around every few commits: before one is stored, or after. */
function createForgetful(store: Records, losses: { count: number }): Records {
  let commits = 0;
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commitWith') return undefined;
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'commit') return typeof member === 'function' ? member.bind(target) : member;
      return (batch: CommitBatch) => {
        commits++;
        const isTaking = (batch.isolations?.length ?? 0) > 0 && batch.journal.length > 0;
        const stores = commits % 2 === 0;
        if (!isTaking || stores) target.commit(batch);
        if (!isTaking) return;
        losses.count++;
        throw new Error('the process is gone');
      };
    },
  });
}

describe('an owner that loses its memory at every commit that takes something in', () => {
  it('takes each commit of the process in once', async () => {
    const place = makePlace();
    const losses = { count: 0 };
    const steps = Array.from({ length: 8 }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', with: { ms: 60 }, ...(index > 0 && { depends_on: [`s${index - 1}`] }) }));
    const runtime = await createRuntime({
      store: createForgetful(openSqliteStore({ file: place.file, durability: 'process' }), losses),
      flows: [defineFlow({ id: 'chain', flow_type: 'static', steps })],
      isolation: { tools, durability: 'process' },
    });
    const { executionId } = await runtime.start('chain');
    const reader = openSqliteReader({ file: place.file });
    await until(async () => {
      if (runtime.health().status === 'faulted') await runtime.restart();
      return reader.getExecution(executionId)?.settledAt != null;
    }, 'the execution has settled');
    reader.close();
    if (runtime.health().status === 'faulted') await runtime.restart();
    await runtime.stop();
    // How many commits of the process one takes in depends on how fast both are.
    expect(losses.count).toBeGreaterThan(0);
    await expectTakenIn(place, executionId);
  });
});
