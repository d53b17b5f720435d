import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import type { SqliteDatabase } from '../../persistence/sqlite/driver.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const flow = { id: 'one', steps: [{ id: 'a', uses: 'tool:work' }] };

describe('an idempotency key on start', () => {
  it('makes ten starts at once one execution', async () => {
    let calls = 0;
    const { runtime, store } = await openRuntime(flow, { work: () => ++calls });
    const started = await Promise.all(Array.from({ length: 10 }, () => runtime.start('one', { idempotencyKey: 'order-7' })));
    expect(new Set(started.map(({ executionId }) => executionId)).size).toBe(1);
    expect(started.filter(({ created }) => created)).toHaveLength(1);
    const settled = await Promise.all(started.map(execution => execution.settled()));
    expect(settled.every(({ passed }) => passed)).toBe(true);
    expect(calls).toBe(1);
    expect(await store.listExecutions({})).toHaveLength(1);
    await runtime.stop();
  });

  it('answers with the same execution after a crash, and after it has settled', async () => {
    const store = createMemoryStore();
    const { runtime, clock } = await openRuntime(flow, { work: () => createGate().promise }, { store });
    const { executionId } = await runtime.start('one', { idempotencyKey: 'order-7' });
    await settleTicks();
    const crashed = store.copy();
    const second = await openRuntime(flow, { work: () => 1 }, { store: crashed, clock });
    const again = await Promise.all(Array.from({ length: 10 }, () => second.runtime.start('one', { idempotencyKey: 'order-7' })));
    expect(again.map(execution => [execution.executionId, execution.created])).toEqual(Array.from({ length: 10 }, () => [executionId, false]));
    await again[0]?.settled();
    const late = await second.runtime.start('one', { idempotencyKey: 'order-7' });
    expect([late.executionId, late.created]).toEqual([executionId, false]);
    expect(await late.settled()).toMatchObject({ passed: true });
    expect((await second.runtime.start('one', { idempotencyKey: 'order-8' })).created).toBe(true);
    await expectSound(crashed);
    await second.runtime.stop();
  });

  it('is free again when the first start failed', async () => {
    const { runtime } = await openRuntime({ ...flow, input: { type: 'object', required: ['n'] } }, { work: () => 1 });
    await expect(runtime.start('one', { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'input_invalid' });
    expect((await runtime.start('one', { idempotencyKey: 'k', input: { n: 1 } })).created).toBe(true);
    await runtime.stop();
  });
});

describe('a write that a step adds to its commit', () => {
  const open = async (work: (call: { readonly stepId: string; onCommit: (write: (tx: { readonly handle: unknown }) => void) => void; readonly attempt: number }) => unknown, retry = {}) => {
    const database = new Database(':memory:');
    const store = openSqliteStore({ database: database as unknown as SqliteDatabase });
    const opened = await openRuntime({ id: 'two', steps: [{ id: 'a', uses: 'tool:work', retry }, { id: 'b', uses: 'tool:work', retry }] }, { work: work as never }, { store });
    return { ...opened, readOwn: () => database.prepare('SELECT text FROM own ORDER BY text').pluck().all() };
  };
  const insert = (text: string) => ({ handle }: { readonly handle: unknown }): void => {
    const database = handle as SqliteDatabase;
    database.exec('CREATE TABLE IF NOT EXISTS own (text TEXT)');
    database.prepare('INSERT INTO own VALUES (?)').run(text);
  };
  it('is there exactly when the output is: a failed attempt leaves nothing', async () => {
    const opened = await open(
      ({ stepId, attempt, onCommit }) => {
        onCommit(insert(`${stepId}${attempt}`));
        if (attempt === 1) throw new Error('once');
        return attempt;
      },
      { maxAttempts: 2, initialInterval: 0 },
    );
    const settled = (await opened.runtime.start('two')).settled();
    await settleTicks();
    opened.clock.advance(1);
    expect((await settled).passed).toBe(true);
    expect(opened.readOwn()).toEqual(['a2', 'b2']);
    await opened.runtime.stop();
  });

  it('that throws fails only its own step, and undoes what it had written', async () => {
    const opened = await open(({ stepId, onCommit }) => {
      onCommit(insert(`${stepId} first`));
      onCommit(tx => {
        insert(`${stepId} second`)(tx);
        if (stepId === 'a') throw Object.assign(new Error('my own table says no'), { code: 'own_rule' });
      });
      return stepId;
    });
    const { steps, passed } = await (await opened.runtime.start('two')).settled();
    expect(passed).toBe(false);
    expect(steps[0]).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'own_rule', message: 'my own table says no' } });
    expect(steps[1]).toMatchObject({ status: 'completed', output: 'b' });
    // All writes of a step or none: also the one that had succeeded.
    expect(opened.readOwn()).toEqual(['b first', 'b second']);
    expect(opened.runtime.health().status).toBe('running');
    await expectSound(opened.store);
    await opened.runtime.stop();
  });

  it('that returns a promise or is no function fails its step with a code', async () => {
    for (const write of [async () => {}, 'not a function']) {
      const opened = await open(({ stepId, onCommit }) => {
        if (stepId === 'a') onCommit(write as never);
        return 1;
      });
      const { steps } = await (await opened.runtime.start('two')).settled();
      expect(steps.map(({ status }) => status)).toEqual(['failed', 'completed']);
      expect(steps[0]?.reason?.code).toMatch(/^(write_not_synchronous|tool_threw)$/);
      await opened.runtime.stop();
    }
  });

  it('of a run whose step was cancelled is never made', async () => {
    const gate = createGate<number>();
    const opened = await open(({ stepId, onCommit }) => {
      onCommit(insert(stepId));
      return stepId === 'a' ? gate.promise : 1;
    });
    const execution = await opened.runtime.start('two');
    await settleTicks();
    await execution.cancel();
    gate.open(1);
    await settleTicks();
    expect(opened.readOwn()).toEqual(['b']);
    await opened.runtime.stop();
  });

  it('that ends the transaction fails its own flow, with nothing half-written', async () => {
    const opened = await open(({ onCommit }) => {
      onCommit(({ handle }) => void (handle as SqliteDatabase).exec('ROLLBACK'));
      return 1;
    });
    const execution = await opened.runtime.start('two');
    await execution.settled().catch(() => {});
    await settleTicks();
    expect(opened.runtime.health().status).toBe('running');
    expect(await execution.get()).toMatchObject({ status: 'failed', failure: { code: 'commit_refused' } });
    await expectSound(opened.store);
    await opened.runtime.stop({ timeoutMs: 0 });
  });
});
