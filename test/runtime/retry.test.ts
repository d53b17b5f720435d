import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { Execution, ExecutionDetails } from '../../src/kinds/flows/execution-api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { defineTool } from '../../src/kinds/flows/tool.ts';
import { catchError, expectCode } from '../persistence/conformance/commit.ts';

type Handler = (call: ToolCall) => unknown;

/** A runtime whose one tool, `work`, is answered by step; every run is noted as its idempotency key. */
async function open(flow: FlowSource, handlers: Record<string, Handler> = {}, store = createMemoryStore()) {
  const runs: string[] = [];
  const inputs = new Map<string, unknown>();
  const work = defineTool({
    name: 'work',
    run(call) {
      runs.push(call.idempotencyKey.split('/')[1] ?? '');
      inputs.set(call.stepId, call.input);
      return handlers[call.stepId]?.(call) ?? { from: call.stepId, run: runs.length };
    },
  });
  const runtime = await createRuntime({ store, tools: [work], flows: [defineFlow(flow)] });
  return { runtime, runs, inputs, store };
}

const step = (id: string, depends_on: string[] = [], more: object = {}): FlowSource['steps'][number] => ({ id, uses: 'tool:work', depends_on, ...more });
const statuses = ({ steps }: ExecutionDetails): Record<string, string> => Object.fromEntries(steps.map(one => [one.stepId, one.status]));
const find = ({ steps }: ExecutionDetails, id: string) => steps.find(one => one.stepId === id);
const fail = (): never => {
  throw Object.assign(new Error('no'), { code: 'broken' });
};

const diamond: FlowSource = {
  id: 'diamond',
  steps: [step('a'), step('b', ['a'], { with: { of: '{% steps.a.output %}' } }), step('c', ['a']), step('d', ['b', 'c'], { with: { b: '{% steps.b.output %}', c: '{% steps.c.output %}' } })],
};

async function settle(runtime: Runtime, flowId: string): Promise<Execution> {
  const execution = await runtime.start(flowId, { idempotencyKey: 'once' });
  await execution.settled();
  return execution;
}

describe('retry', () => {
  it('runs a step and everything downstream again, and keeps the rest', async () => {
    const { runtime, runs, inputs } = await open(diamond);
    const execution = await settle(runtime, 'diamond');
    const first = await execution.get();
    runs.length = 0;
    await execution.retry({ step: 'b' });
    const second = await execution.settled();
    expect(runs).toEqual(['b#2', 'd#2']);
    expect(second).toMatchObject({ generation: 2, status: 'scored', score: 1, passed: true });
    expect(find(second, 'a')).toEqual({ ...find(first, 'a'), keptFrom: 1 });
    expect(find(second, 'c')).toMatchObject({ keptFrom: 1, output: find(first, 'c')?.output });
    expect(find(second, 'd')?.keptFrom).toBeUndefined();
    expect(inputs.get('d')).toEqual({ b: find(second, 'b')?.output, c: find(first, 'c')?.output });
    await runtime.stop();
  });

  it('leaves the generation before as it was, to be read', async () => {
    const { runtime } = await open(diamond);
    const execution = await settle(runtime, 'diamond');
    const first = await execution.get();
    await execution.retry({ step: 'a' });
    await execution.settled();
    expect(await execution.get({ generation: 1 })).toEqual(first);
    expect((await execution.get()).generation).toBe(2);
    expect((await runtime.list()).map(one => [one.executionId, one.generation])).toEqual([[execution.executionId, 2]]);
    expect((await runtime.start('diamond', { idempotencyKey: 'once' })).created).toBe(false);
    await expectCode(() => execution.get({ generation: 3 }), 'execution_not_found');
    await runtime.stop();
  });

  it('keeps over several generations what ran in the first', async () => {
    const { runtime, runs } = await open(diamond);
    const execution = await settle(runtime, 'diamond');
    for (const generation of [2, 3, 4]) {
      runs.length = 0;
      await execution.retry({ step: 'd' });
      expect(find(await execution.settled(), 'a')?.keptFrom).toBe(1);
      expect(runs).toEqual([`d#${generation}`]);
    }
    await runtime.stop();
  });

  it('without naming a step runs what failed, and what was skipped for that', async () => {
    let broken = true;
    const { runtime, runs } = await open(diamond, { b: () => (broken ? fail() : 'mended') });
    const execution = await settle(runtime, 'diamond');
    expect(statuses(await execution.get())).toEqual({ a: 'completed', b: 'failed', c: 'completed', d: 'skipped' });
    broken = false;
    runs.length = 0;
    await execution.retry();
    const second = await execution.settled();
    expect(runs).toEqual(['b#2', 'd#2']);
    expect(second).toMatchObject({ status: 'scored', score: 1, passed: true });
    await expectCode(() => execution.retry(), 'retry_nothing');
    await runtime.stop();
  });

  it('keeps failures that nobody asked to retry, and what they skip', async () => {
    const { runtime, runs } = await open(
      { id: 'two', steps: [step('a'), step('b', ['a']), step('x'), step('y', ['x']), step('both', ['a', 'x'])] },
      { x: fail },
    );
    const execution = await settle(runtime, 'two');
    runs.length = 0;
    await execution.retry({ step: 'a' });
    const second = await execution.settled();
    expect(runs.toSorted()).toEqual(['a#2', 'b#2']);
    expect(statuses(second)).toEqual({ a: 'completed', b: 'completed', x: 'failed', y: 'skipped', both: 'skipped' });
    expect(find(second, 'x')).toMatchObject({ keptFrom: 1, reason: { code: 'broken' } });
    // It is downstream of both: of this generation, since it was invalidated, and skipped all the same.
    expect(find(second, 'both')?.keptFrom).toBeUndefined();
    expect(second.score).toBe((await execution.get({ generation: 1 })).score);
    await runtime.stop();
  });

  it('refuses a step that would be skipped again, naming the one to retry', async () => {
    const { runtime } = await open(diamond, { a: fail });
    const execution = await settle(runtime, 'diamond');
    const error = await catchError(() => execution.retry({ step: 'd' }));
    expect(error).toMatchObject({ code: 'retry_blocked', details: { step: 'd', cause: 'a' } });
    await expectCode(() => execution.retry({ step: 'e' }), 'step_unknown');
    expect((await execution.get()).generation).toBe(1);
    await runtime.stop();
  });

  it('goes on in a strict flow although another branch has failed', async () => {
    const { runtime, runs } = await open({ id: 'strict', mode: 'strict', concurrency: 1, steps: [step('a'), step('b'), step('c')] }, { b: fail });
    const execution = await settle(runtime, 'strict');
    expect(statuses(await execution.get())).toEqual({ a: 'completed', b: 'failed', c: 'skipped' });
    runs.length = 0;
    await execution.retry({ step: 'a' });
    expect(statuses(await execution.settled())).toEqual({ a: 'completed', b: 'failed', c: 'completed' });
    expect(runs.toSorted()).toEqual(['a#2', 'c#2']);
    await runtime.stop();
  });

  it('without cascade runs only the step, and marks what is made of its former output', async () => {
    const { runtime, runs } = await open(diamond);
    const execution = await settle(runtime, 'diamond');
    const first = await execution.get();
    runs.length = 0;
    await execution.retry({ step: 'b', cascade: false });
    const second = await execution.settled();
    expect(runs).toEqual(['b#2']);
    expect(find(second, 'd')).toEqual({ ...find(first, 'd'), keptFrom: 1, stale: true });
    expect(find(second, 'c')?.stale).toBeUndefined();
    expect(second).toMatchObject({ status: 'scored', score: 1 });
    await execution.retry({ step: 'c', cascade: false });
    expect(find(await execution.settled(), 'd')).toMatchObject({ keptFrom: 1, stale: true });
    await execution.retry({ step: 'd' });
    expect(find(await execution.settled(), 'd')?.stale).toBeUndefined();
    await runtime.stop();
  });

  it('keeps the outputs of a for_each step with its items', async () => {
    const { runtime, runs } = await open({
      id: 'many',
      steps: [step('list'), step('each', ['list'], { for_each: '[1, 2, 3]', with: '{% item %}' }), step('sum', ['each'], { with: '{% steps.each.output %}' })],
    }, { each: ({ input }) => (input as number) * 10 });
    const execution = await settle(runtime, 'many');
    runs.length = 0;
    await execution.retry({ step: 'sum' });
    const second = await execution.get({ items: true }).then(() => execution.settled()).then(() => execution.get({ items: true }));
    expect(runs).toEqual(['sum#2']);
    expect(find(second, 'each')).toMatchObject({ keptFrom: 1, output: [10, 20, 30] });
    expect(second.steps.filter(one => one.item !== undefined).map(one => [one.item, one.output, one.keptFrom])).toEqual([[0, 10, 1], [1, 20, 1], [2, 30, 1]]);
    runs.length = 0;
    await execution.retry({ step: 'each' });
    await execution.settled();
    expect(runs).toEqual(['each[0]#3', 'each[1]#3', 'each[2]#3', 'sum#3']);
    await runtime.stop();
  });

  it('runs what a cancelled execution never came to', async () => {
    let release = (): void => {};
    const gate = new Promise<void>(resolve => (release = resolve));
    const { runtime, runs } = await open(diamond, { b: () => gate.then(() => 'late') });
    const execution = await runtime.start('diamond');
    for await (const update of execution.transitions({ after: 0 })) if (update.type === 'transition' && update.address.endsWith('step:c') && update.state === 'completed') break;
    await execution.cancel();
    await execution.settled();
    release();
    runs.length = 0;
    await execution.retry();
    const second = await execution.settled();
    expect(runs).toEqual(['b#2', 'd#2']);
    expect(second).toMatchObject({ status: 'scored', score: 1, generation: 2 });
    await runtime.stop();
  });

  it('refuses an execution that has not settled, and one that another one started', async () => {
    const { runtime } = await open({ id: 'parent', steps: [{ id: 'child', uses: 'flow:parked' }] });
    await runtime.stop();
    const store = createMemoryStore();
    const parked = defineFlow({ id: 'parked', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }] });
    const parent = defineFlow({ id: 'parent', steps: [{ id: 'child', uses: 'flow:parked' }] });
    const two = await createRuntime({ store, flows: [parent, parked] });
    const execution = await two.start('parent');
    await expectCode(() => execution.retry({ step: 'child' }), 'execution_unsettled');
    const child = `${execution.executionId}.child`;
    while (!(await two.get(child).catch(() => undefined))) await new Promise(resolve => setImmediate(resolve));
    await two.signal(child, 'go');
    await execution.settled();
    await expectCode(() => two.retry(child, { step: 'wait' }), 'retry_of_child');
    await expectCode(() => two.retry('nobody', {}), 'execution_not_found');

    await execution.retry({ step: 'child' });
    const again = `${child}~2`;
    while (!(await two.get(again).catch(() => undefined))) await new Promise(resolve => setImmediate(resolve));
    await two.signal(again, 'go', 'second');
    const second = await execution.settled();
    expect(find(second, 'child')?.output).toMatchObject({ executionId: again, outputs: { wait: 'second' } });
    expect((await two.get(child)).executionId).toBe(child);
    await two.stop();
  });

  it('lets one of two retries at the same time win', async () => {
    const { runtime, runs } = await open(diamond);
    const execution = await settle(runtime, 'diamond');
    runs.length = 0;
    const outcomes = await Promise.allSettled([execution.retry({ step: 'd' }), execution.retry({ step: 'd' }), runtime.resume(execution.executionId)]);
    expect(outcomes.map(one => (one.status === 'fulfilled' ? 'won' : (one.reason as { code: string }).code))).toEqual(['won', 'retry_conflict', 'retry_conflict']);
    await execution.settled();
    expect(runs).toEqual(['d#2']);
    expect((await execution.get()).generation).toBe(2);
    await runtime.stop();
  });
});
