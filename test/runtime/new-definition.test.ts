import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { MemoryRecords } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ExecutionDetails } from '../../src/kinds/flows/execution-api.ts';
import { catchError, expectCode } from '../persistence/conformance/commit.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const base: FlowSource = {
  id: 'f',
  steps: [{ id: 'a', uses: 'tool:work', with: 1 }, { id: 'b', uses: 'tool:work', with: '{% steps.a.output + 1 %}', depends_on: ['a'] }, { id: 'x', uses: 'tool:work', with: 10 }, { id: 'c', uses: 'tool:work', with: '{% steps.b.output + steps.x.output %}', depends_on: ['b', 'x'] }],
};
const change = (id: string, parts: object): FlowSource => ({ ...base, steps: base.steps.map(step => (step.id === id ? { ...step, ...parts } : step)) });
const results = ({ steps }: ExecutionDetails): unknown[] => steps.map(({ stepId, output, keptFrom }) => [stepId, output, keptFrom ?? 'ran']);

/** Runs the first definition, with `hanging` never answering, and stops; then opens the second one on what is stored. */
async function openTwice(second: FlowSource, { hanging, failing, store = createMemoryStore() }: { hanging?: string; failing?: string; store?: MemoryRecords } = {}) {
  const first = await openRuntime(base, {
    work: ({ stepId, input }) => (stepId === hanging ? createGate().promise : stepId === failing ? Promise.reject(new Error('no')) : input),
  }, { store });
  const { executionId } = await first.runtime.start('f');
  await settleTicks();
  await first.runtime.stop({ timeoutMs: 0 });
  const runs: string[] = [];
  const opened = await openRuntime(second, { work: ({ idempotencyKey, input }) => (runs.push(idempotencyKey.split('/')[1] ?? ''), input) }, { store: store.copy(), recover: false });
  return { ...opened, runs, executionId };
}

describe('resume', () => {
  it('takes up an execution that was left out, and runs what is missing', async () => {
    const { runtime, runs, executionId } = await openTwice(base, { hanging: 'b' });
    await settleTicks();
    expect(runs).toEqual([]);
    const execution = await runtime.resume(executionId);
    expect(await execution.settled()).toMatchObject({ generation: 1, score: 1 });
    expect(runs).toEqual(['b#1', 'c#1']);
    await expectCode(() => runtime.resume(executionId), 'execution_settled');
    await runtime.stop();
  });

  it('takes up one that had not been admitted', async () => {
    const store = createMemoryStore();
    const gate = createGate();
    const { runtime: first } = await openRuntime(base, { work: () => gate.promise }, { store, maxActiveFlows: 1 });
    await first.start('f');
    const { executionId } = await first.start('f');
    const { runtime } = await openRuntime(base, { work: ({ input }) => input }, { store: store.copy(), recover: false });
    await expectCode(() => runtime.retry(executionId), 'execution_unsettled');
    await runtime.resume(executionId);
    expect(await runtime.settled(executionId)).toMatchObject({ score: 1 });
    expect(await runtime.list({ status: ['stepping'] })).toHaveLength(1);
    await runtime.stop();
  });

  it('says that nothing is to be done for one that goes on already', async () => {
    const { runtime, executionId } = await openTwice(base, { hanging: 'b' });
    await runtime.resume(executionId);
    await expectCode(() => runtime.resume(executionId), 'execution_active');
    await runtime.stop();
  });

  it('refuses a definition that has changed, and names what has', async () => {
    const { runtime, runs, executionId } = await openTwice(change('b', { with: 5 }), { hanging: 'c' });
    const error = await catchError(() => runtime.resume(executionId));
    expect(error).toMatchObject({ code: 'definition_changed', message: expect.stringContaining('step "b" (with)') });
    expect(runs).toEqual([]);
    expect(await (await runtime.get(executionId)).get()).toMatchObject({ generation: 1, status: 'stepping' });
    await runtime.stop();
  });

  it('on request runs on the new definition what changed, with what depends on it, and what is missing', async () => {
    const { runtime, runs, executionId } = await openTwice(change('b', { with: '{% steps.a.output + 5 %}' }), { hanging: 'c' });
    const execution = await runtime.resume(executionId, { onNewDefinition: true });
    const settled = await execution.settled();
    expect(runs).toEqual(['b#2', 'c#2']);
    expect(results(settled)).toEqual([['a', 1, 1], ['b', 6, 'ran'], ['x', 10, 1], ['c', 16, 'ran']]);
    expect(settled).toMatchObject({ generation: 2, score: 1 });
    expect(await execution.get({ generation: 1 })).toMatchObject({ status: 'failed', failure: { code: 'superseded' } });
    await runtime.stop();
  });

  it('keeps results wherever their steps now stand', async () => {
    const [a, b, x, c] = base.steps as [FlowSource['steps'][number], FlowSource['steps'][number], FlowSource['steps'][number], FlowSource['steps'][number]];
    const moved = { ...base, steps: [x, { id: 'new', uses: 'tool:work', with: 7 }, a, b, { ...c, with: '{% steps.b.output + steps.x.output + steps.new.output %}', depends_on: ['x', 'b', 'new'] }] };
    const { runtime, runs, executionId, store } = await openTwice(moved, { hanging: 'c' });
    await runtime.resume(executionId, { onNewDefinition: true });
    expect(results(await runtime.settled(executionId))).toEqual([['x', 10, 1], ['new', 7, 'ran'], ['a', 1, 1], ['b', 2, 1], ['c', 19, 'ran']]);
    expect(runs).toEqual(['new#2', 'c#2']);
    const third = await store.getExecution(executionId, 2);
    await runtime.retry(executionId, { step: 'c' });
    expect(results(await runtime.settled(executionId))).toEqual([['x', 10, 1], ['new', 7, 2], ['a', 1, 1], ['b', 2, 1], ['c', 19, 'ran']]);
    expect(third?.digest).toBe((await store.getExecution(executionId))?.digest);
    await runtime.stop();
  });

  it('tries a failed step again whose retry policy was mended, and only scores anew when nothing has to run', async () => {
    const mended = await openTwice(change('x', { retry: { maxAttempts: 3 } }), { failing: 'x' });
    await mended.runtime.resume(mended.executionId, { onNewDefinition: true });
    expect(await mended.runtime.settled(mended.executionId)).toMatchObject({ score: 1, passed: true });
    expect(mended.runs).toEqual(['x#2', 'c#2']);
    await mended.runtime.stop();

    const scored = await openTwice({ ...base, steps: change('x', { weight: 3 }).steps.slice(0, 3) });
    await scored.runtime.resume(scored.executionId, { onNewDefinition: true });
    expect(await scored.runtime.settled(scored.executionId)).toMatchObject({ generation: 2, status: 'scored', score: 1, steps: [{ keptFrom: 1 }, { keptFrom: 1 }, { keptFrom: 1 }] });
    expect(scored.runs).toEqual([]);
    await scored.runtime.stop();
  });

  it('refuses before it ends anything: an input that no longer fits, a tool that is missing', async () => {
    const strict = await openTwice({ ...change('b', { with: 1 }), input: { type: 'object', required: ['n'], properties: { n: { type: 'number' } } } }, { hanging: 'c' });
    await expectCode(() => strict.runtime.resume(strict.executionId, { onNewDefinition: true }), 'input_invalid');
    expect(await (await strict.runtime.get(strict.executionId)).get()).toMatchObject({ generation: 1, status: 'stepping' });
    await strict.runtime.stop();
    const missing = await openTwice(change('b', { uses: 'tool:missing' }), { hanging: 'c' });
    await expectCode(() => missing.runtime.resume(missing.executionId, { onNewDefinition: true }), 'tool_unknown');
    await missing.runtime.stop();
  });
});

describe('retry', () => {
  it('refuses a changed definition, too, and takes it on request', async () => {
    const { runtime, runs, executionId } = await openTwice(change('b', { with: 100 }));
    await expectCode(() => runtime.retry(executionId, { step: 'x' }), 'definition_changed');
    await runtime.retry(executionId, { step: 'x', onNewDefinition: true });
    expect(results(await runtime.settled(executionId))).toEqual([['a', 1, 1], ['b', 100, 'ran'], ['x', 10, 'ran'], ['c', 110, 'ran']]);
    expect(runs.toSorted()).toEqual(['b#2', 'c#2', 'x#2']);
    await runtime.stop();
  });
});
