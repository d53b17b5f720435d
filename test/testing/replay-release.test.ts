import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flows: Record<string, FlowSource> = {
  'a step': { id: 'f', steps: [{ id: 'a', uses: 'tool:t' }] },
  'a step with expressions': { id: 'f', steps: [{ id: 'a', uses: 'tool:t', with: '{% input.x %}' }] },
  'the items of a step': { id: 'f', concurrency: 2, steps: [{ id: 'a', uses: 'tool:t', for_each: '{% input.list %}', with: '{% item + 1 %}' }] },
};

describe('a runtime that stops', () => {
  it.each(Object.keys(flows))('gives back the run of %s, and the next one goes on with the same attempt', async name => {
    const flow = flows[name] as FlowSource;
    const gate = createGate<number>();
    const one = await openRuntime(flow, { t: () => gate.promise });
    const { executionId } = await one.runtime.start('f', { input: { x: 1, list: [1, 2, 3] } });
    await settleTicks();
    const stopping = one.runtime.stop({ timeoutMs: 10 });
    for (let turn = 0; turn < 3; turn++) {
      await settleTicks();
      one.clock.advance(10);
    }
    await stopping;
    const store = (one.store as MemoryRecords).reopen();
    expect((await replayJournal(store, executionId)).mismatches).toEqual([]);
    const inputs: unknown[] = [];
    const two = await openRuntime(flow, { t: ({ input, attempt }) => inputs.push([attempt, input]) }, { store, clock: one.clock });
    expect((await two.runtime.settled(executionId)).steps[0]).toMatchObject({ status: 'completed', interruptions: 0 });
    expect(inputs).toEqual(name === 'a step' ? [[1, {}]] : name === 'a step with expressions' ? [[1, 1]] : [[1, 2], [1, 3], [1, 4]]);
    expect((await replayJournal(store, executionId)).mismatches).toEqual([]);
    await two.runtime.stop();
  });
});
