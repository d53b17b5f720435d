import { describe, expect, it } from 'vitest';
import { expectSound } from '../must-hold/expect-sound.ts';
import { openRuntime } from './open-runtime.ts';

describe('the consolidated session of a retried execution', () => {
  it('is one per generation, each final, with the calls of kept steps', async () => {
    let broken = true;
    const { runtime, store } = await openRuntime(
      { id: 'f', steps: [{ id: 'a', uses: 'tool:work', with: 1 }, { id: 'b', uses: 'tool:work', with: '{% steps.a.output + 1 %}', depends_on: ['a'] }, { id: 'c', uses: 'tool:work', for_each: '[7, 8]', depends_on: ['a'] }] },
      { work: ({ stepId, input }) => (stepId === 'b' && broken ? Promise.reject(new Error('no')) : input) },
    );
    const execution = await runtime.start('f');
    await execution.settled();
    const first = await runtime.consolidated(execution.executionId);
    broken = false;
    await execution.retry();
    const settled = await execution.settled();
    const second = await runtime.consolidated(execution.executionId);
    expect([first?.consolidatedSessionId, second?.consolidatedSessionId]).toEqual([1, 2].map(generation => `${execution.executionId}_consolidated_${generation}`));
    expect([first?.generation, first?.score, second?.generation, second?.score]).toEqual([1, (await execution.get({ generation: 1 })).score, 2, 1]);
    expect(settled.score).toBe(1);
    expect(await runtime.consolidated(execution.executionId, { generation: 1 })).toEqual(first);
    const calls = (session: typeof first): unknown[] => session?.steps.map(({ stepId, status, input, output, toolCalls }) => [stepId, status, input, output, toolCalls.map(call => [call.status, call.input, call.output])]) ?? [];
    expect(calls(second)).toEqual([
      ['a', 'completed', 1, 1, [['completed', 1, 1]]],
      ['b', 'completed', 2, 2, [['completed', 2, 2]]],
      ['c', 'completed', [7, 8], [7, 8], [['completed', 7, 7], ['completed', 8, 8]]],
    ]);
    expect(calls(first)[1]).toEqual(['b', 'failed', 2, null, [['failed', 2, null]]]);
    await expectSound(store);
    await runtime.stop();
  });
});
