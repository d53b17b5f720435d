import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { expectCode } from '../persistence/conformance/commit.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const flow = (each: object, rest: Partial<FlowSource> = {}): FlowSource => ({
  id: 'many',
  concurrency: 100,
  ...rest,
  steps: [{ id: 'each', uses: 'tool:work', for_each: 'input.list', ...each }, { id: 'after', uses: 'tool:after', depends_on: ['each'], with: '{% steps.each.output %}' }],
});

/** Fails for odd numbers, doubles even ones. */
const doubleEven = ({ input }: ToolCall): number => {
  if ((input as number) % 2 === 1) throw Object.assign(new Error('odd'), { code: 'odd' });
  return (input as number) * 2;
};

async function run(source: FlowSource, list: unknown[], work: (call: ToolCall) => unknown = doubleEven) {
  const { runtime, store } = await openRuntime(source, { work, after: ({ input }) => ({ seen: input }) });
  const execution = await runtime.start('many', { input: { list } });
  const settled = await execution.settled();
  const [each, after] = settled.steps;
  await expectSound(store);
  const items = (await execution.get({ items: true })).steps.filter(({ item }) => item !== undefined).map(({ status }) => status);
  await runtime.stop();
  return { each, after, items, settled };
}

const failure = { code: 'odd', message: 'odd', retryable: true };

describe('a failed item', () => {
  it('is left out of the output with `skip`, and the step completes', async () => {
    const { each, after, items, settled } = await run(flow({ on_item_failure: 'skip' }), [0, 1, 2, 3, 4]);
    expect(each).toMatchObject({ status: 'completed', output: [0, 4, 8] });
    expect(after?.output).toEqual({ seen: [0, 4, 8] });
    expect(items).toEqual(['completed', 'failed', 'completed', 'failed', 'completed']);
    expect(settled).toMatchObject({ score: 1, passed: true });
  });

  it('stands at its place with `collect`, and the step completes', async () => {
    const { each, after } = await run(flow({ on_item_failure: 'collect' }), [0, 1, 2, 3]);
    expect(each).toMatchObject({ status: 'completed', output: [0, { failure }, 4, { failure }] });
    expect(each?.reason).toBeUndefined();
    expect(after?.output).toEqual({ seen: [0, { failure }, 4, { failure }] });
  });

  it.each(['skip', 'collect'] as const)('leaves the others going with `%s`, also in a strict flow, and if all fail', async policy => {
    expect((await run(flow({ on_item_failure: policy }, { mode: 'strict', concurrency: 1 }), [1, 2])).items).toEqual(['failed', 'completed']);
    const { each, settled } = await run(flow({ on_item_failure: policy }, { mode: 'strict' }), [1, 3]);
    expect(each).toMatchObject({ status: 'completed', output: policy === 'skip' ? [] : [{ failure }, { failure }] });
    expect(settled.passed).toBe(true);
  });

  it('fails the step with `fail` and keeps further items from starting, also in a lenient flow', async () => {
    const { each, after, items } = await run(flow({ on_item_failure: 'fail' }, { mode: 'lenient', concurrency: 1 }), [0, 1, 2, 3]);
    expect(each).toMatchObject({ status: 'failed', reason: { code: 'odd' } });
    expect(items).toEqual(['completed', 'failed', 'skipped', 'skipped']);
    expect(after).toMatchObject({ status: 'completed', output: { seen: null } });
  });

  it('is tried again before it counts', async () => {
    const retry = { maxAttempts: 3, initialInterval: '1ms', jitter: 'none' };
    const { runtime, clock } = await openRuntime(flow({ on_item_failure: 'collect', retry }), { work: call => (call.input === 1 && call.attempt < 3 ? doubleEven(call) : call.attempt), after: ({ input }) => input });
    const execution = await runtime.start('many', { input: { list: [0, 1, 2] } });
    for (let turn = 0; turn < 20; turn++) {
      await settleTicks(4);
      clock.advance(10);
    }
    expect((await execution.settled()).steps[0]?.output).toEqual([1, 3, 1]);
    await runtime.stop();
  });
});

describe('the list of a for_each step', () => {
  it.each([undefined, 'fail', 'skip', 'collect'])('may be empty with on_item_failure %s', async policy => {
    const { each, after } = await run(flow({ ...(policy && { on_item_failure: policy }), concurrency: 2 }), []);
    expect(each).toMatchObject({ status: 'completed', output: [] });
    expect(after?.output).toEqual({ seen: [] });
  });

  it('keeps its order, whichever item ends first', async () => {
    const answers: (() => void)[] = [];
    const { runtime } = await openRuntime(flow({}), { work: ({ input }) => new Promise(resolve => answers.push(() => resolve(input))), after: ({ input }) => input });
    const execution = await runtime.start('many', { input: { list: ['a', 'b', 'c', 'd'] } });
    await settleTicks();
    for (const answer of answers.toReversed()) {
      answer();
      await settleTicks(3);
    }
    expect((await execution.settled()).steps[1]?.output).toEqual(['a', 'b', 'c', 'd']);
    await runtime.stop();
  });
});

describe('`concurrency` of a step', () => {
  /** Runs with handlers that answer one at a time; notes how many ran at once. */
  async function watch(source: FlowSource, list: readonly number[], store: MemoryRecords = createMemoryStore(), stopAfter = Infinity) {
    let answers: (() => void)[] = [];
    let most = 0;
    let ran = 0;
    const { runtime } = await openRuntime(source, {
      work: call => {
        ran++;
        return new Promise((resolve, reject) => {
          answers.push(() => {
            try {
              resolve(doubleEven(call));
            } catch (error) {
              reject(error as Error);
            }
          });
          most = Math.max(most, answers.length);
        });
      },
      after: ({ input }) => input,
    }, { store });
    const [known] = store.listExecutions({});
    const { executionId } = known ?? (await runtime.start('many', { input: { list } }));
    for (let turn = 0; turn < stopAfter; turn++) {
      await settleTicks(4);
      if (answers.length === 0) break;
      const [next, ...rest] = answers;
      answers = rest;
      next?.();
    }
    return { runtime, executionId, most, ran };
  }

  it.each([[1, 100, 1], [3, 100, 3], [7, 2, 2], [50, 100, 10]])('of %i in a flow of %i lets %i items run at once', async (own, whole, expected) => {
    const store = createMemoryStore();
    const { runtime, executionId, most, ran } = await watch(flow({ concurrency: own }, { concurrency: whole }), Array.from({ length: 10 }, (_, index) => index * 2), store);
    expect({ most, ran }).toEqual({ most: expected, ran: 10 });
    expect(await runtime.settled(executionId)).toMatchObject({ score: 1 });
    await expectSound(store);
    await runtime.stop();
  });

  it('leaves the other slots to other steps', async () => {
    const running: string[] = [];
    const { runtime } = await openRuntime({
      id: 'many', concurrency: 3,
      steps: [{ id: 'each', uses: 'tool:work', for_each: 'input.list', concurrency: 1 }, { id: 'other', uses: 'tool:work', with: 1 }, { id: 'more', uses: 'tool:work', with: 2 }],
    }, { work: ({ stepId }) => (running.push(stepId), new Promise(() => {})) });
    await runtime.start('many', { input: { list: [1, 2, 3, 4] } });
    await settleTicks();
    expect(running.toSorted()).toEqual(['each', 'more', 'other']);
    await runtime.stop({ timeoutMs: 0 });
  });

  it.each(['fail', 'collect'] as const)('holds after a crash at any time, with on_item_failure %s', async policy => {
    const list = [0, 2, 4, 5, 6, 8, 9, 10];
    const source = flow({ concurrency: 2, on_item_failure: policy });
    const whole = await watch(source, list);
    const expected = (await whole.runtime.settled(whole.executionId)).steps.map(({ stepId, status, output }) => [stepId, status, output]);
    await whole.runtime.stop();
    for (let stopAfter = 0; stopAfter <= whole.ran; stopAfter++) {
      const store = createMemoryStore();
      await watch(source, list, store, stopAfter);
      await settleTicks();
      const copy = store.copy();
      const { runtime, executionId, most } = await watch(source, list, copy);
      expect(most).toBeLessThanOrEqual(2);
      expect((await runtime.settled(executionId)).steps.map(({ stepId, status, output }) => [stepId, status, output])).toEqual(expected);
      await expectSound(copy);
      await runtime.stop();
    }
  });
});

describe('a definition', () => {
  it.each(['concurrency', 'on_item_failure'])('has no `%s` on a step without for_each', async key => {
    await expectCode(() => openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:work', [key]: key === 'concurrency' ? 2 : 'skip' }] }, {}), 'definition_invalid');
  });
});
