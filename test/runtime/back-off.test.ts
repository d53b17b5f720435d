import Database from 'better-sqlite3';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const retry = { maxAttempts: 2, initialInterval: '20s', jitter: 'none' } as const;
const down = (): never => {
  throw new Error('The other side is down');
};

describe('what backs off holds no place', () => {
  it.each([
    ['the slots of the flow', { concurrency: 3 }, {}],
    ['the limit of the step', { concurrency: 50 }, { concurrency: 3 }],
    ['both', { concurrency: 3 }, { concurrency: 3 }],
  ])('of %s: every item is tried while the first wait', async (_name, ofFlow, ofStep) => {
    const tried = new Set<unknown>();
    const flow = { id: 'f', ...ofFlow, steps: [{ id: 'calls', uses: 'tool:call', for_each: [0, 1, 2, 3, 4, 5, 6, 7, 8], retry, ...ofStep }] };
    const { runtime, clock } = await openRuntime(flow, {
      call: ({ input, attempt }) => (tried.add(input), attempt === 1 && (input as number) < 3 ? down() : 1),
    });
    const execution = await runtime.start('f');
    await settleTicks(200);
    expect(tried.size).toBe(9);
    clock.advance(20_000);
    expect(await execution.settled()).toMatchObject({ passed: true });
    await runtime.stop();
  });

  it('of one slot: a step runs while another one waits, and that goes on as soon as the slot is free again', async () => {
    const order: string[] = [];
    const gates: (() => void)[] = [];
    const flow = { id: 'f', concurrency: 1, steps: [{ id: 'a', uses: 'tool:a', retry }, { id: 'b', uses: 'tool:b' }, { id: 'c', uses: 'tool:c', depends_on: ['a'] }] };
    const { runtime, clock } = await openRuntime(flow, {
      a: ({ attempt }) => (order.push(`a${attempt}`), attempt === 1 ? down() : 1),
      b: () => (order.push('b'), new Promise<void>(resolve => gates.push(resolve))),
      c: () => order.push('c'),
    });
    const execution = await runtime.start('f');
    await settleTicks(100);
    expect(order).toEqual(['a1', 'b']);
    clock.advance(20_000);
    await settleTicks(100);
    expect(order).toEqual(['a1', 'b']);
    expect((await execution.get()).steps.map(({ status }) => status)).toEqual(['retrying', 'running', 'pending']);
    gates[0]?.();
    expect((await execution.settled()).passed).toBe(true);
    expect(order.toSorted()).toEqual(['a1', 'a2', 'b', 'c']);
    await runtime.stop();
  });

  it.each([['in memory', 3_600_000], ['out of memory', 0]])('%s, those whose time comes at one moment go on in their order', async (_name, keepResidentMs) => {
    const tried: string[] = [];
    const flow = { id: 'f', concurrency: 2, steps: [{ id: 'items', uses: 'tool:call', for_each: [0, 1, 2, 3], retry }, { id: 'last', uses: 'tool:call', retry }] };
    const { runtime, clock } = await openRuntime(flow, {
      call: ({ stepId, item, attempt }) => (tried.push(`${stepId}${item ?? ''}`), attempt === 1 ? down() : new Promise(() => {})),
    }, { keepResidentMs });
    const execution = await runtime.start('f');
    await settleTicks(200);
    tried.length = 0;
    clock.advance(20_000);
    await settleTicks(200);
    expect(tried).toEqual(['items0', 'items1']);
    await execution.cancel();
    await runtime.stop({ timeoutMs: 0 });
  });

  it('for an item whose time has come: one that still waits makes room in the limit of the step', async () => {
    const tried: string[] = [];
    const flow = { id: 'f', steps: [{ id: 'items', uses: 'tool:call', for_each: [0, 1, 2], concurrency: 2, retry }] };
    const { runtime, clock } = await openRuntime(flow, {
      call: async ({ item, attempt }) => {
        tried.push(`${item}#${attempt}`);
        if (item === 0) return new Promise(() => {});
        if (item === 2 && attempt === 1) clock.advance(10_000);
        return attempt === 1 ? down() : 1;
      },
    });
    const execution = await runtime.start('f');
    await settleTicks(200);
    expect(tried).toEqual(['0#1', '1#1', '2#1']);
    // The second one is due; the third is not before ten seconds more.
    clock.advance(10_000);
    await settleTicks(200);
    expect(tried).toEqual(['0#1', '1#1', '2#1', '1#2']);
    await execution.cancel();
    await runtime.stop({ timeoutMs: 0 });
  });

  it.each(['finish', 'cancel'] as const)('when a strict flow halts (%s), it has its attempts, or is cancelled', async onHalt => {
    const calls: string[] = [];
    const flow = {
      id: 'f', mode: 'strict', on_halt: onHalt, concurrency: 2,
      steps: [
        { id: 'again', uses: 'tool:again', retry },
        { id: 'items', uses: 'tool:again', for_each: [1, 2, 3], retry },
        { id: 'breaks', uses: 'tool:breaks' },
        { id: 'never', uses: 'tool:again', depends_on: ['breaks'] },
      ],
    } as const;
    let broken = (): void => {};
    const { runtime, clock } = await openRuntime(flow, {
      again: ({ stepId, item, attempt }) => (calls.push(`${stepId}${item ?? ''}#${attempt}`), attempt === 1 ? down() : 1),
      breaks: () => new Promise((_resolve, reject) => (broken = () => reject(Object.assign(new Error('no'), { retryable: false })))),
    });
    const execution = await runtime.start('f');
    await settleTicks(200);
    expect(calls.toSorted()).toEqual(['again#1', 'items0#1', 'items1#1', 'items2#1']);
    // Due, and without a slot: both are taken from here on.
    clock.advance(20_000);
    broken();
    await settleTicks(200);
    clock.advance(20_000);
    const settled = await execution.settled();
    expect(settled.passed).toBe(false);
    if (onHalt === 'finish') expect(calls).toHaveLength(8);
    expect(settled.steps.find(({ stepId }) => stepId === 'again')?.status).toMatch(onHalt === 'finish' ? /completed/ : /completed|cancelled/);
    expect(settled.steps.find(({ stepId }) => stepId === 'never')?.status).toBe('skipped');
    await runtime.stop();
  });

  it('in a flow that 0.3.0 stored, too, in which it holds the only slot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-backoff-'));
    const file = join(folder, 'test.db');
    const flow = { id: 'f', concurrency: 1, steps: [{ id: 'a', uses: 'tool:a', retry }, { id: 'b', uses: 'tool:b' }, { id: 'c', uses: 'tool:b', depends_on: ['a'] }] };
    const calls: string[] = [];
    const handlers = { a: ({ attempt }: { readonly attempt: number }) => (calls.push(`a${attempt}`), attempt === 1 ? down() : 1), b: () => calls.push('b') };
    const clock = new SimulatedClock();
    const begun = await openRuntime(flow, { ...handlers, b: () => new Promise(() => {}) }, { clock, store: openSqliteStore({ file }), isolation: false });
    const { executionId } = await begun.runtime.start('f');
    await settleTicks(100);
    await begun.runtime.stop({ timeoutMs: 0 });
    const database = new Database(file);
    // As it was: `b` has not begun, and waits for the slot.
    for (const [table, where] of [['steps', "step_id <> 'b'"], ['attempts', 'position <> 1']] as const) {
      const columns = (database.prepare(`PRAGMA table_info(older_${table})`).all() as { name: string }[]).map(({ name }) => name).join(', ');
      expect(database.prepare(`INSERT INTO older_${table} (${columns}) SELECT ${columns} FROM ${table} WHERE ${where}`).run().changes).toBe(1);
    }
    database.exec('UPDATE journal SET changes = NULL, outputs = NULL');
    database.prepare('UPDATE executions SET context = ?, wake_at = (SELECT due_at FROM steps)').run(JSON.stringify({ ready: 1, granted: 1 }));
    database.close();
    const { runtime } = await openRuntime(flow, handlers, { clock, store: openSqliteStore({ file }), isolation: false });
    clock.advance(20_000);
    expect(await runtime.settled(executionId)).toMatchObject({ passed: true });
    expect(calls.toSorted()).toEqual(['a1', 'a2', 'b', 'b']);
    await runtime.stop();
    rmSync(folder, { recursive: true });
  });

  it('and limits hold whatever fails how often, over stops, and everything comes to its end', { timeout: 60_000 }, async () => {
    const shape = fc.record({
      concurrency: fc.integer({ min: 1, max: 4 }),
      own: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      failures: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 }),
      stopAfter: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ concurrency, own, failures, stopAfter }) => {
        const folder = mkdtempSync(join(tmpdir(), 'flowstone-backoff-'));
        const file = join(folder, 'test.db');
        const clock = new SimulatedClock();
        let running = 0;
        let runningItems = 0;
        const times = new Map<string, number>();
        const call = async ({ stepId, item }: { stepId: string; item?: number | undefined }, planned: number): Promise<number> => {
          const place = `${stepId}${item ?? ''}`;
          const count = (times.get(place) ?? 0) + 1;
          times.set(place, count);
          running++;
          if (item !== undefined) runningItems++;
          expect(running).toBeLessThanOrEqual(concurrency);
          expect(runningItems).toBeLessThanOrEqual(own ?? concurrency);
          try {
            await settleTicks(2);
            if (count <= planned) down();
            return count;
          } finally {
            running--;
            if (item !== undefined) runningItems--;
          }
        };
        const policy = { maxAttempts: 5, initialInterval: '1s', jitter: 'none' } as const;
        const flow = {
          id: 'f', concurrency,
          steps: [
            { id: 'items', uses: 'tool:item', for_each: failures, retry: policy, ...(own && { concurrency: own }) },
            { id: 'one', uses: 'tool:step', with: failures[0] ?? 0, retry: policy },
            { id: 'two', uses: 'tool:step', with: failures.at(-1) ?? 0, retry: policy },
          ],
        };
        const open = () => openRuntime(flow, { item: c => call(c, c.input as number), step: c => call(c, c.input as number) }, { clock, store: openSqliteStore({ file, durability: 'process' }), isolation: false });
        let { runtime } = await open();
        const { executionId } = await runtime.start('f');
        for (let round = 0; round < 60; round++) {
          await settleTicks(12);
          if (stopAfter.includes(round)) {
            await runtime.stop();
            ({ runtime } = await open());
          }
          const { settledAt } = await (await runtime.get(executionId)).get();
          if (settledAt !== null) break;
          clock.advance(500);
        }
        expect(await (await runtime.get(executionId)).get()).toMatchObject({ status: 'scored', passed: true });
        await runtime.stop();
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 8 },
    );
  });
});
