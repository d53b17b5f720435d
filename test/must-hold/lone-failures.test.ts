import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import { createRuntimeOn } from '../../src/runtime/create-runtime.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import type { Machines } from '../../src/kernel/machines.ts';
import { fail, retryAfter } from '../../src/core/outcome.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { openRuntime, toTools } from '../runtime/open-runtime.ts';

const ok = (): object => ({ ok: true });
const cyclic = (): object => {
  const value: { self?: object } = {};
  value.self = value;
  return value;
};
const deep = (): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < 100_000; level++) value = [value];
  return value;
};
const hostile = new Proxy({}, {
  get: () => { throw new Error('get'); },
  has: () => { throw new Error('has'); },
});

/** What a handler may do wrong, and the code of the failure it must end in. */
const wrongs: readonly (readonly [what: string, run: () => unknown, code: string])[] = [
  ['throws before its first await', () => { throw new Error('at once'); }, 'tool_threw'],
  ['throws after its first await', async () => { await Promise.resolve(); throw new Error('later'); }, 'tool_threw'],
  ['throws null', () => { throw null; }, 'tool_threw'],
  ['throws a value that cannot be read', () => { throw hostile; }, 'tool_threw'],
  ['rejects with a value that cannot be read', () => Promise.reject(hostile), 'tool_threw'],
  ['throws an error with a code', () => { throw Object.assign(new Error('x'), { code: 'E_OWN' }); }, 'E_OWN'],
  ['returns a value that cannot be read', () => hostile, 'tool_threw'],
  ['returns a thenable that throws', () => Object.defineProperty({}, ['th', 'en'].join(''), { value: () => { throw new Error('on the way'); } }), 'tool_threw'],
  ['returns a BigInt', () => ({ amount: 1n }), 'value_not_json'],
  ['returns a function', () => () => 1, 'value_not_json'],
  ['returns a symbol', () => Symbol('x'), 'value_not_json'],
  ['returns NaN', () => ({ rate: Number.NaN }), 'value_not_json'],
  ['returns Infinity', () => Number.POSITIVE_INFINITY, 'value_not_json'],
  ['returns a value that contains itself', cyclic, 'value_not_json'],
  ['returns a value 100,000 levels deep', deep, 'value_not_json'],
  ['returns an Error', () => new Error('returned'), 'value_not_json'],
  ['returns a Map', () => new Map(), 'value_not_json'],
  ['returns 10 MB', () => 'x'.repeat(10_000_000), 'value_too_large'],
  ['returns 10 MB in small pieces', () => Array.from({ length: 100_000 }, () => 'x'.repeat(100)), 'value_too_large'],
  ['fails with a BigInt in the details', () => fail('no', { details: { amount: 1n } }), 'value_not_json'],
  ['fails with 10 MB of details', () => fail('no', { details: { text: 'x'.repeat(10_000_000) } }), 'value_too_large'],
  ['fails without a message', () => fail(undefined as unknown as string), 'outcome_invalid'],
  ['asks for a retry after NaN ms', () => retryAfter(Number.NaN), 'outcome_invalid'],
  ['asks for a retry after for ever', () => retryAfter(Number.POSITIVE_INFINITY), 'outcome_invalid'],
];

describe('a handler that', () => {
  it.each(wrongs)('%s fails its own flow and no other', async (_what, run, code) => {
    const store = openSqliteStore({ file: ':memory:' });
    const { runtime } = await openRuntime(
      [
        { id: 'bad', steps: [{ id: 'wrong', uses: 'tool:run', retry: { maxAttempts: 1 } }, { id: 'next', uses: 'tool:ok', depends_on: ['wrong'] }] },
        { id: 'good', steps: [{ id: 'right', uses: 'tool:ok' }, { id: 'next', uses: 'tool:ok', depends_on: ['right'] }] },
      ],
      { run, ok },
      { store },
    );
    const [before, bad, after] = await Promise.all([runtime.start('good'), runtime.start('bad'), runtime.start('good')]);
    const failed = await bad.settled();
    expect(failed).toMatchObject({ status: 'scored', passed: false, score: 0 });
    expect(failed.steps[0]).toMatchObject({ status: 'failed', attempts: 1, reason: { code } });
    expect(failed.steps[0]?.reason?.message.length).toBeLessThan(2_100);
    expect(failed.steps[1]).toMatchObject({ status: 'skipped', reason: { code: 'upstream_failed' } });
    expect((await Promise.all([before.settled(), after.settled()])).map(({ passed }) => passed)).toEqual([true, true]);
    expect(runtime.health()).toMatchObject({ status: 'running', runningSteps: 0, activeFlows: 0 });
    await runtime.stop();
  });
});

describe('a retry after a fraction of a millisecond', () => {
  it('is stored in whole milliseconds', async () => {
    const store = openSqliteStore({ file: ':memory:' });
    let calls = 0;
    const { runtime, clock } = await openRuntime({ id: 'again', steps: [{ id: 'a', uses: 'tool:a', retry: { maxAttempts: 2 } }] }, { a: () => (calls++ === 0 ? retryAfter(0.5) : 'done') }, { store });
    const settled = (await runtime.start('again')).settled();
    while (calls < 2) {
      await new Promise<void>(resolve => setImmediate(resolve));
      clock.advance(1);
    }
    expect((await settled).steps[0]).toMatchObject({ status: 'completed', attempts: 2 });
    await runtime.stop();
  });
});

describe('a machine whose guard throws', () => {
  const events = ['step.start', 'attempt.completed', 'step.settled', 'flow.start', 'consolidation.completed', 'flow.cancel'];

  it.each(events)('at %s fails its own flow and no other', async event => {
    const broken = new Set<string>();
    const breakOn = <Kind extends 'flow' | 'step'>(kind: Kind): Machines[Kind] => {
      const runner = compiledMachines[kind];
      return {
        ...runner,
        transition(snapshot: never, sent: { type: string }, effects: string[]) {
          if (sent.type === event && broken.size > 0) throw new TypeError('the guard is broken');
          return (runner.transition as (snapshot: unknown, event: unknown, effects: string[]) => unknown)(snapshot, sent, effects);
        },
      } as unknown as Machines[Kind];
    };
    const store = openSqliteStore({ file: ':memory:' });
    const flow = { id: 'flow', steps: [{ id: 'a', uses: 'tool:ok' }, { id: 'b', uses: 'tool:hold', depends_on: ['a'] }] };
    const holds: (() => void)[] = [];
    const runtime = await createRuntimeOn({ ...compiledMachines, flow: breakOn('flow'), step: breakOn('step') }, {
      store,
      flows: [defineFlow(flow)],
      tools: toTools({ ok, hold: () => new Promise<void>(resolve => holds.push(resolve)) }),
    });
    const good = await runtime.start('flow');
    while (holds.length < 1) await new Promise<void>(resolve => setImmediate(resolve));
    broken.add('now');
    const bad = await runtime.start('flow');
    while (holds.length < 2 && (await bad.get()).settledAt === null) await new Promise<void>(resolve => setImmediate(resolve));
    if ((await bad.get()).settledAt === null) {
      if (event === 'flow.cancel') await bad.cancel();
      else holds.at(-1)?.();
    }
    expect(await bad.settled()).toMatchObject({ status: 'failed', passed: false, score: 0, failure: { code: 'machine_failed', message: 'the guard is broken' } });
    broken.clear();
    holds[0]?.();
    expect(await good.settled()).toMatchObject({ status: 'scored', passed: true });
    expect(runtime.health()).toMatchObject({ status: 'running', activeFlows: 0 });
    await runtime.stop({ timeoutMs: 0 });
  });
});
