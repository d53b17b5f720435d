import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { FlowError } from '../../src/core/errors.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { createGate, openRuntime, settleTicks, until } from './open-runtime.ts';

/** How often each expression still meets its limit, by a word in it; and when each was evaluated, in the clock's ms. */
const meets = new Map<string, number>();
const evaluated: string[] = [];
vi.mock('../../src/definition/expression.ts', async original => {
  const real = await original<typeof import('../../src/definition/expression.ts')>();
  const parse: typeof real.parseExpression = (source, functions) => {
    const parsed = real.parseExpression(source, functions);
    const word = /slow\d?/.exec(source)?.[0];
    if ('message' in parsed || word === undefined) return parsed;
    return { ...parsed, evaluate: async (scope, recorded) => {
      evaluated.push(`${word}${'index' in scope ? String((scope as { index: number }).index) : ''}`);
      const left = meets.get(word) ?? 0;
      if (left > 0) {
        meets.set(word, left - 1);
        throw new FlowError('expression_timeout', 'It was stopped');
      }
      return parsed.evaluate(scope, recorded);
    } };
  };
  return { ...real, parseExpression: parse };
});

let runtime: Runtime | undefined;
afterEach(async () => {
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
  meets.clear();
  evaluated.length = 0;
});

const retry = { maxAttempts: 3, initialInterval: 1_000, backoffCoefficient: 2, jitter: 'none' as const };
const step = { id: 'a', uses: 'tool:work', with: '{% [1, "slow"][0] %}', retry };

describe('an expression that met its limit', () => {
  it('is evaluated again after the waits of `retry`, and the step completes', async () => {
    meets.set('slow', 2);
    const opened = await openRuntime({ id: 'f', steps: [step] }, { work: ({ input }) => input });
    ({ runtime } = opened);
    const execution = await runtime.start('f');
    await until(() => evaluated.length === 1);
    await settleTicks();
    opened.clock.advance(999);
    await settleTicks();
    expect(evaluated).toHaveLength(1);
    opened.clock.advance(1);
    await until(() => evaluated.length === 2);
    await settleTicks();
    opened.clock.advance(1_999);
    await settleTicks();
    expect(evaluated).toHaveLength(2);
    expect((await execution.get()).steps).toMatchObject([{ status: 'pending' }]);
    opened.clock.advance(1);
    expect(await execution.settled()).toMatchObject({ passed: true, steps: [{ output: 1 }] });
    await expectSound(opened.store);
  });

  it.each([['as often as `maxAttempts` says', retry, 3], ['once, when its code is not retryable', { ...retry, nonRetryable: ['expression_timeout'] }, 1], ['once, without `retry`', undefined, 1]])('fails its step when it met it %s', async (_how, policy, times) => {
    meets.set('slow', 9);
    const { retry: _retry, ...bare } = step;
    const opened = await openRuntime({ id: 'f', steps: [policy ? { ...bare, retry: policy } : bare] }, { work: ({ input }) => input });
    ({ runtime } = opened);
    const execution = await runtime.start('f');
    for (let time = 1; time < times; time++) {
      await until(() => evaluated.length === time);
      await settleTicks();
      opened.clock.advance(60_000);
    }
    expect(await execution.settled()).toMatchObject({ passed: false, steps: [{ status: 'failed', reason: { code: 'expression_timeout' } }] });
    expect(evaluated).toHaveLength(times);
    await expectSound(opened.store);
  });

  it.each(['with', 'when', 'for_each'])('gives its slot to the next step meanwhile: %s', async where => {
    meets.set('slow', 1);
    const value = { with: '{% [1, "slow"][0] %}', when: '{% 1 < $length("slow") %}', for_each: '{% [[1, 2], "slow"][0] %}' }[where] as string;
    const opened = await openRuntime(
      { id: 'f', concurrency: 1, steps: [{ id: 'a', uses: 'tool:work', retry, ...(where === 'with' ? {} : { with: 1 }), [where]: value }, { id: 'b', uses: 'tool:work', with: 1 }, { id: 'c', uses: 'tool:work', with: 1, depends_on: ['a'] }] },
      { work: ({ input }) => input },
    );
    ({ runtime } = opened);
    const execution = await runtime.start('f');
    await until(() => evaluated.length === 1);
    await settleTicks();
    expect((await execution.get()).steps.map(({ status }) => status)).toEqual(['pending', 'completed', 'pending']);
    opened.clock.advance(1_000);
    expect((await execution.settled()).passed).toBe(true);
    await expectSound(opened.store);
  });

  it('lets the other items of its list go on, within the limit of the step', async () => {
    meets.set('slow', 2);
    const opened = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work', for_each: '[10, 11, 12, 13, 14]', concurrency: 2, with: '{% [item, "slow"][0] %}', retry }] }, { work: ({ input }) => input });
    ({ runtime } = opened);
    const execution = await runtime.start('f');
    await until(() => evaluated.length === 5);
    await settleTicks();
    expect((await execution.get({ items: true })).steps.slice(1).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
    opened.clock.advance(1_000);
    expect(await execution.settled()).toMatchObject({ passed: true, steps: [{ output: [10, 11, 12, 13, 14] }] });
    await expectSound(opened.store);
  });

  it.each(['cancelled', 'halted', 'out of time'])('is not evaluated again once its flow was %s', async how => {
    meets.set('slow', 1);
    const gate = createGate();
    const flow = { id: 'f', mode: 'strict' as const, ...(how === 'out of time' && { timeout: 500 }), steps: [step, { id: 'b', uses: 'tool:fails', with: 1 }] };
    const opened = await openRuntime(flow, { work: ({ input }) => input, fails: async () => { await gate.promise; throw new Error('no'); } });
    ({ runtime } = opened);
    const execution = await runtime.start('f');
    await until(() => evaluated.length === 1);
    await settleTicks();
    if (how === 'cancelled') await execution.cancel();
    else if (how === 'halted') gate.open();
    else opened.clock.advance(500);
    const { status, steps } = await execution.settled();
    expect(status).toBe(how === 'halted' ? 'scored' : 'failed');
    expect(steps[0]?.status).toMatch(/skipped|cancelled/);
    opened.clock.advance(60_000);
    await settleTicks();
    expect(evaluated).toHaveLength(1);
    expect(runtime.health()).toMatchObject({ status: 'running', activeFlows: 0 });
    await expectSound(opened.store);
  });

  it('begins anew when the process ended in between', async () => {
    meets.set('slow', 1);
    const flow = { id: 'f', concurrency: 1, steps: [{ id: 'b', uses: 'tool:work', with: 1 }, step, { id: 'c', uses: 'tool:work', with: 1, depends_on: ['a'] }] };
    const first = await openRuntime(flow, { work: ({ input }) => input }, { store: createMemoryStore() });
    const { executionId } = await first.runtime.start('f');
    await until(() => evaluated.length === 1);
    await settleTicks();
    const left = (first.store as ReturnType<typeof createMemoryStore>).copy();
    await first.runtime.stop({ timeoutMs: 0 });
    first.clock.advance(60_000);
    await settleTicks();
    expect(evaluated).toHaveLength(1);
    const again = await openRuntime(flow, { work: ({ input }) => input }, { store: left });
    ({ runtime } = again);
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(evaluated).toHaveLength(2);
    await expectSound(left);
  });
});
