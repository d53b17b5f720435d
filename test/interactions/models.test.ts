import { describe, expect, it } from 'vitest';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { scriptedModels } from '../../src/testing.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const ask = ({ generate }: ToolCall): unknown => generate({ prompt: 'Why?' });
const toFlow = (models: unknown, more: object = {}): FlowSource => ({ id: 'f', steps: [{ id: 'ask', uses: 'tool:ask', models, ...more }] }) as FlowSource;

const open = async (flow: FlowSource, options: Pick<RuntimeOptions, 'models'>, run: (call: ToolCall) => unknown = ask) => openRuntime(flow, { ask: run }, options);
const calls = async (runtime: Runtime, executionId: string): Promise<string[]> =>
  (await runtime.interactions.list(executionId)).map(({ model, status, failure }) => [model, status, ...(failure ? [failure.code] : [])].join(' '));

describe('generate', () => {
  it('asks the first model, and records what it took', async () => {
    const models = scriptedModels({ large: { text: 'Because', inputTokens: 2, outputTokens: 3, cost: 0.1 }, small: 'never' });
    const { runtime } = await open(toFlow(['large', 'small']), { models }, ({ generate }) => generate({ prompt: 'Why?', system: 'Be brief', stage: 'first', parameters: { temperature: 0 } }));
    const execution = await runtime.start('f');
    expect((await execution.settled()).steps[0]?.output).toEqual({ text: 'Because', model: 'large', attempts: 1, inputTokens: 2, outputTokens: 3, cost: 0.1 });
    expect(models.requests).toMatchObject([{ model: 'large', prompt: 'Why?', system: 'Be brief', stage: 'first', parameters: { temperature: 0 }, idempotencyKey: `${execution.executionId}/ask#1` }]);
    expect(await runtime.interactions.list(execution.executionId)).toMatchObject([
      { model: 'large', stage: 'first', status: 'completed', response: 'Because', totalTokens: 5, prompt: '{"system":"Be brief","prompt":"Why?","parameters":{"temperature":0}}' },
    ]);
    await runtime.stop();
  });

  it('falls back in the order of priority, as often as each may be asked', async () => {
    const models = scriptedModels({ a: new Error('down'), b: [new Error('busy'), 'Yes'], c: 'never' });
    const { runtime } = await open(toFlow(['a', { model: 'b', attempts: 3 }, 'c']), { models });
    const execution = await runtime.start('f');
    expect((await execution.settled()).steps[0]?.output).toMatchObject({ text: 'Yes', model: 'b', attempts: 3 });
    expect(await calls(runtime, execution.executionId)).toEqual(['a failed tool_threw', 'b failed tool_threw', 'b completed']);
    await runtime.stop();
  });

  it('takes the models of the call, of the step, of the flow, in this order', async () => {
    const models = scriptedModels({ flow: 'F', step: 'S', call: 'C' });
    const { runtime } = await open(
      { id: 'f', models: ['flow'], steps: [{ id: 'a', uses: 'tool:ask' }, { id: 'b', uses: 'tool:ask', models: ['step'] }, { id: 'c', uses: 'tool:ask', models: ['step'] }] },
      { models },
      ({ generate, stepId }) => generate({ prompt: 'x', ...(stepId === 'c' && { models: ['call'] }) }),
    );
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps.map(({ output }) => (output as { text: string }).text)).toEqual(['F', 'S', 'C']);
    await runtime.stop();
  });

  it('fails with every reason when none answers, and is retried by the policy of the step', async () => {
    const refused = Object.assign(new Error('no'), { code: 'refused', retryable: false });
    const models = scriptedModels({ a: [new Error('down'), 'Up again'], b: refused });
    const { runtime, clock } = await open(toFlow(['a', 'b'], { retry: { maxAttempts: 2, initialInterval: 1, jitter: 'none' } }), { models });
    const execution = await runtime.start('f');
    const settled = execution.settled();
    await settleTicks(40);
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'retrying', reason: { code: 'models_failed', message: 'No model answered. a: down (tool_threw); b: no (refused)', retryable: true } });
    clock.advance(5);
    expect((await settled).steps[0]?.output).toMatchObject({ text: 'Up again', model: 'a' });
    expect((await runtime.interactions.list(execution.executionId)).map(({ model, attempt }) => `${model} ${attempt}`)).toEqual(['a 1', 'b 1', 'a 2']);
    await runtime.stop();
  });

  it('is not retried when every model refused for good', async () => {
    const models = scriptedModels({ a: Object.assign(new Error('no'), { retryable: false }) });
    const { runtime } = await open(toFlow(['a', 'unscripted'], { retry: { maxAttempts: 3 } }), { models });
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[0]).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'models_failed', retryable: false } });
    await runtime.stop();
  });

  it('gives a model that takes too long up, whether it listens or not', async () => {
    const hang = createGate<never>();
    const models = scriptedModels({ slow: () => hang.promise, quick: 'Here' });
    const { runtime, clock } = await open(toFlow([{ model: 'slow', timeout: '2s' }, 'quick']), { models });
    const execution = await runtime.start('f');
    await settleTicks();
    clock.advance(2_000);
    expect((await execution.settled()).steps[0]?.output).toMatchObject({ text: 'Here', model: 'quick' });
    expect(await calls(runtime, execution.executionId)).toEqual(['slow failed model_timeout', 'quick completed']);
    expect(models.requests[0]?.signal.aborted).toBe(true);
    await runtime.stop();
  });

  it('asks no further model once the flow is cancelled, during a call', async () => {
    const hang = createGate<never>();
    const models = scriptedModels({ a: () => hang.promise, b: 'never' });
    const { runtime } = await open(toFlow(['a', 'b']), { models });
    const execution = await runtime.start('f');
    await settleTicks();
    await execution.cancel('Stop it');
    await settleTicks();
    expect(await calls(runtime, execution.executionId)).toEqual(['a cancelled cancelled']);
    expect(models.requests).toHaveLength(1);
    expect(models.requests[0]?.signal.aborted).toBe(true);
    await runtime.stop();
  });

  it('asks no further model once the flow is cancelled, between calls', async () => {
    let cancel = async (): Promise<unknown> => undefined;
    const models = scriptedModels({
      a: async () => {
        await cancel();
        return new Error('down');
      },
      b: 'never',
    });
    const { runtime } = await open(toFlow(['a', 'b']), { models });
    const execution = await runtime.start('f');
    cancel = () => execution.cancel();
    await execution.settled();
    await settleTicks();
    expect(models.requests).toHaveLength(1);
    expect(await calls(runtime, execution.executionId)).toEqual(['a cancelled cancelled']);
    await runtime.stop();
  });

  it.each([
    ['no client', {}, ['a'], 'model_client_missing'],
    ['no models', { models: scriptedModels({}) }, undefined, 'models_missing'],
  ])('says what is missing: %s', async (_what, options, models, code) => {
    const { runtime } = await open(toFlow(models), options);
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[0]?.reason?.code).toBe(code);
    await runtime.stop();
  });

  it('takes an answer without a text for a fault of the client', async () => {
    const { runtime } = await open(toFlow(['a']), { models: { generate: () => Promise.resolve({ words: 'x' } as never) } });
    const execution = await runtime.start('f');
    await execution.settled();
    expect(await calls(runtime, execution.executionId)).toEqual(['a failed model_answer_invalid']);
    await runtime.stop();
  });

  it('refuses a client that is none when the runtime is created', async () => {
    await expect(open(toFlow(['a']), { models: {} as never })).rejects.toMatchObject({ code: 'option_invalid' });
  });
});
