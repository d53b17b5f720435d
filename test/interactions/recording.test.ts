import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Interaction } from '../../src/kinds/flows/interactions/interaction.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'ask', uses: 'tool:t' }] };
const request = { model: 'm-1', prompt: 'Why?', stage: 'draft' };

describe('a call of a model', () => {
  it('is stored as pending before it goes out, and with its answer afterwards', async () => {
    const gate = createGate();
    const { runtime, clock } = await openRuntime(flow, {
      t: async ({ interaction }: ToolCall) => {
        const call = await interaction(request);
        await gate.promise;
        await call.complete({ response: 'So.', inputTokens: 3, outputTokens: 4, cost: 0.5 });
        return null;
      },
    });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    const base = { number: 1, stepId: 'ask', item: undefined, attempt: 1, stage: 'draft', model: 'm-1', prompt: 'Why?', startedAt: clock.now() };
    const nothing = { response: null, inputTokens: null, outputTokens: null, totalTokens: null, cost: null, settledAt: null, durationMs: null, failure: null };
    expect(await runtime.interactions.list(executionId)).toEqual([{ ...base, ...nothing, status: 'pending' }]);
    clock.advance(250);
    gate.open();
    await runtime.settled(executionId);
    expect(await runtime.interactions.list(executionId)).toEqual([
      { ...base, status: 'completed', response: 'So.', inputTokens: 3, outputTokens: 4, totalTokens: 7, cost: 0.5, settledAt: clock.now(), durationMs: 250, failure: null },
    ]);
    await runtime.stop();
  });

  it('is settled by the function around it, whether that resolves or throws', async () => {
    const { runtime } = await openRuntime(flow, {
      t: async ({ interaction }: ToolCall) => {
        const { response } = await interaction(request, async () => ({ response: 'yes', totalTokens: 9, model: 'm-1b' }));
        const error = await interaction({ model: 'm-2', prompt: [{ role: 'user', content: 'Why?' }] }, () => Promise.reject(Object.assign(new Error('busy'), { code: 'overloaded' }))).catch((thrown: unknown) => thrown);
        return { response, message: (error as Error).message };
      },
    });
    const execution = await runtime.start('f');
    expect((await execution.settled()).steps[0]?.output).toEqual({ response: 'yes', message: 'busy' });
    expect(await runtime.interactions.list(execution.executionId)).toMatchObject([
      { number: 1, model: 'm-1b', status: 'completed', totalTokens: 9 },
      { number: 2, model: 'm-2', stage: 'ask', status: 'failed', prompt: '[{"role":"user","content":"Why?"}]', failure: { code: 'overloaded', message: 'busy' } },
    ]);
    await runtime.stop();
  });

  it('ends once: what is said later changes nothing', async () => {
    const { runtime } = await openRuntime(flow, {
      t: async ({ interaction }: ToolCall) => {
        const call = await interaction(request);
        await call.cancel('Enough');
        await call.complete({ response: 'late' });
        await call.fail(new Error('later'));
        return null;
      },
    });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    expect(await runtime.interactions.list(executionId)).toMatchObject([{ status: 'cancelled', response: null, failure: { code: 'cancelled', message: 'Enough' } }]);
    await runtime.stop();
  });

  it('fails when its handler ends without saying how it ended', async () => {
    const { runtime } = await openRuntime(flow, { t: async ({ interaction }: ToolCall) => (await interaction(request)).number });
    const execution = await runtime.start('f');
    expect((await execution.settled()).passed).toBe(true);
    expect(await runtime.interactions.list(execution.executionId)).toMatchObject([{ status: 'failed', failure: { code: 'interaction_unsettled' } }]);
    await runtime.stop();
  });

  it('fails with the reason when the process dies, and is recorded anew when the attempt begins again', async () => {
    const store = createMemoryStore();
    const hang = createGate<never>();
    const before = await openRuntime(flow, { t: async ({ interaction }: ToolCall) => (await interaction(request), hang.promise) }, { store });
    const { executionId } = await before.runtime.start('f');
    await settleTicks();
    const left = store.copy();
    const after = await openRuntime(flow, { t: ({ interaction }: ToolCall) => interaction(request, async () => ({ response: 'yes' })) }, { store: left });
    expect((await after.runtime.settled(executionId)).passed).toBe(true);
    expect(await after.runtime.interactions.list(executionId)).toMatchObject([
      { number: 1, attempt: 1, status: 'failed', failure: { code: 'interrupted', retryable: true } },
      { number: 2, attempt: 1, status: 'completed' },
    ]);
    await after.runtime.stop();
  });

  it('is closed also in an execution that nobody goes on with', async () => {
    const store = createMemoryStore();
    const hang = createGate<never>();
    const before = await openRuntime(flow, { t: async ({ interaction }: ToolCall) => (await Promise.all(Array.from({ length: 1200 }, () => interaction(request))), hang.promise) }, { store });
    const { executionId } = await before.runtime.start('f');
    await settleTicks();
    const after = await openRuntime(flow, { t: () => null }, { store: store.copy(), recover: false });
    expect(await after.runtime.interactions.totals(executionId)).toMatchObject({ calls: 1200, pending: 0, failed: 1200 });
    await after.runtime.stop();
  });

  it('is cancelled with the flow, and failed by a timeout', async () => {
    const hang = createGate<never>();
    const { runtime, clock } = await openRuntime(
      [flow, { id: 'slow', steps: [{ id: 'ask', uses: 'tool:t', timeout: '1s' }] }],
      { t: async ({ interaction }: ToolCall) => (await interaction(request), hang.promise) },
    );
    const cancelled = await runtime.start('f');
    const timed = await runtime.start('slow');
    await settleTicks();
    await cancelled.cancel('No more');
    clock.advance(1_000);
    await timed.settled();
    await settleTicks();
    expect(await runtime.interactions.list(cancelled.executionId)).toMatchObject([{ status: 'cancelled', failure: { code: 'cancelled', message: 'No more' } }]);
    expect(await runtime.interactions.list(timed.executionId)).toMatchObject([{ status: 'failed', failure: { code: 'step_timeout' } }]);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('is refused after its step has ended', async () => {
    const gate = createGate();
    let late: unknown;
    const { runtime } = await openRuntime(flow, {
      t: async ({ interaction }: ToolCall) => {
        await gate.promise;
        late = await interaction(request).catch((error: { code: string }) => error.code);
      },
    });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    await runtime.cancel(executionId);
    gate.open();
    await until(() => late !== undefined);
    expect(late).toBe('run_superseded');
    expect(await runtime.interactions.list(executionId)).toEqual([]);
    await runtime.stop();
  });

  it.each([
    ['a response that is no text', (call: Interaction) => call.complete({ response: 5 as never })],
    ['tokens that are no count', (call: Interaction) => call.complete({ response: 'x', inputTokens: 1.5 })],
    ['a negative cost', (call: Interaction) => call.complete({ response: 'x', cost: -1 })],
  ])('refuses %s', async (_what, end) => {
    const { runtime } = await openRuntime(flow, { t: async ({ interaction }: ToolCall) => end(await interaction(request)) });
    const execution = await runtime.start('f');
    expect((await execution.settled()).steps[0]?.reason?.code).toBe('interaction_invalid');
    expect(await runtime.interactions.list(execution.executionId)).toMatchObject([{ status: 'failed', failure: { code: 'interaction_unsettled' } }]);
    await runtime.stop();
  });

  it('is added up by step and model and altogether, items included', async () => {
    const { runtime } = await openRuntime(
      { id: 'f', steps: [{ id: 'a', uses: 'tool:t', for_each: [1, 2] }, { id: 'b', uses: 'tool:t' }] },
      { t: ({ interaction, stepId }: ToolCall) => interaction({ model: stepId === 'a' ? 'large' : 'small', prompt: 'x' }, async () => ({ response: 'y', inputTokens: 10, outputTokens: 1, cost: 0.25 })) },
    );
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    const { steps, ...sum } = await runtime.interactions.totals(executionId);
    expect(sum).toEqual({ calls: 3, pending: 0, completed: 3, failed: 0, cancelled: 0, inputTokens: 30, outputTokens: 3, totalTokens: 33, cost: 0.75, durationMs: 0 });
    expect(steps.map(({ stepId, model, calls, cost }) => [stepId, model, calls, cost])).toEqual([['a', 'large', 2, 0.5], ['b', 'small', 1, 0.25]]);
    expect((await runtime.interactions.list(executionId, { stepId: 'a', limit: 1 })).map(({ stepId }) => stepId)).toEqual(['a']);
    await runtime.stop();
  });

  it('never shows a secret', async () => {
    const key = 'abc-very-secret-123';
    const { runtime, store } = await openRuntime(
      flow,
      {
        t: async ({ interaction }: ToolCall) => {
          await interaction({ ...request, prompt: `My key is ${key}, yours sk-ABCDEFGHIJKLMNOPQRST` }, async () => ({ response: `Authorization: Bearer abcdef1234567890abcdef` }));
          await interaction(request, () => Promise.reject(new Error(`401 for ${key}`))).catch(() => {});
        },
      },
      { secrets: [key, 'x'] },
    );
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    const [first, second] = await runtime.interactions.list(executionId);
    expect(first).toMatchObject({ prompt: 'My key is [redacted], yours [redacted]', response: 'Authorization: Bearer [redacted]' });
    expect(second?.failure?.message).toBe('401 for [redacted]');
    expect(JSON.stringify(await store.interactions?.list({ executionId }))).not.toMatch(/very-secret|ABCDEFGHIJ|abcdef1234/);
    await runtime.stop();
  });
});
