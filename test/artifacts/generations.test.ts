import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/runtime/api.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const list = async (runtime: Runtime, executionId: string): Promise<string[]> => {
  const rows = await runtime.artifacts.list(executionId, { versions: 'all' });
  return Promise.all(rows.map(async ({ name, version }) => `${name}@${version}=${await (await runtime.artifacts.get(executionId, name, { version })).text()}`));
};

describe('artifacts of an execution that is retried', () => {
  it('get new versions; the old ones stay readable, and what was kept is not stored again', async () => {
    let life = 1;
    const { runtime } = await openRuntime(
      {
        id: 'f',
        steps: [
          { id: 'a', uses: 'tool:make', artifacts: [{ name: 'a.txt', from: 'output' }] },
          { id: 'b', uses: 'tool:make', artifacts: [{ name: 'b.txt', from: 'output' }] },
          { id: 'c', uses: 'tool:make', depends_on: ['a', 'b'], with: { a: '{% steps.a.artifacts.`a.txt` %}', b: '{% steps.b.artifacts.`b.txt` %}' }, artifacts: [{ name: 'c.txt', from: 'output' }] },
        ],
      },
      { make: ({ stepId, input }) => (stepId === 'c' ? Object.values(input as object).join('+') : `${stepId}${life}`) },
    );
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    life = 2;
    await runtime.retry(executionId, { step: 'b' });
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(await list(runtime, executionId)).toEqual(['a.txt@1=a1', 'b.txt@1=b1', 'b.txt@2=b2', 'c.txt@1=a1+b1', 'c.txt@2=a1+b2']);
    expect(await (await runtime.artifacts.get(executionId, 'c.txt')).text()).toBe('a1+b2');
    await runtime.stop();
  });

  it('that a step did not make this time are not there for steps downstream', async () => {
    let life = 1;
    const { runtime } = await openRuntime(
      { id: 'f', steps: [{ id: 'a', uses: 'tool:make' }, { id: 'b', uses: 'tool:read', depends_on: ['a'], with: { names: '{% $keys(steps.a.artifacts) %}' } }] },
      {
        make: async ({ artifact }: ToolCall) => {
          await artifact('always.txt', String(life));
          if (life === 1) await artifact('once.txt', 'old');
        },
        read: async ({ artifacts, input }: ToolCall) => [(await artifacts({ upstream: true })).map(({ name, version }) => `${name}@${version}`), (input as { names: unknown }).names],
      },
    );
    const { executionId } = await runtime.start('f');
    expect((await runtime.settled(executionId)).steps[1]?.output).toEqual([['always.txt@1', 'once.txt@1'], ['always.txt', 'once.txt']]);
    life = 2;
    await runtime.retry(executionId, { step: 'a' });
    expect((await runtime.settled(executionId)).steps[1]?.output).toEqual([['always.txt@2'], 'always.txt']);
    await runtime.retry(executionId, { step: 'b' });
    expect((await runtime.settled(executionId)).steps[1]?.output).toEqual([['always.txt@2'], 'always.txt']);
    expect((await list(runtime, executionId)).includes('once.txt@1=old')).toBe(true);
    await runtime.stop();
  });

  it('add their calls of models to those before', async () => {
    const { runtime } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:ask' }] }, { ask: ({ interaction }) => interaction({ model: 'm', prompt: 'x' }, async () => ({ response: 'y', cost: 1 })) });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    await runtime.retry(executionId, { step: 'a' });
    await runtime.settled(executionId);
    expect(await runtime.interactions.totals(executionId)).toMatchObject({ calls: 2, completed: 2, cost: 2 });
    expect((await runtime.interactions.list(executionId)).map(({ number }) => number)).toEqual([1, 2]);
    await runtime.stop();
  });
});
