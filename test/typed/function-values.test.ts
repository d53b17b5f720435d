import { describe, expect, it, vi } from 'vitest';
import { createRuntime, defineFlow, defineTool, isFlowError, type Runtime } from '../../src/index.ts';
import { createMemoryStore, type MemoryRecords } from '../../src/open-records.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { compileStored } from '../../src/definition/compile-stored.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { testFlow } from '../../src/testing.ts';

const echo = defineTool({ name: 'echo', run: ({ input }) => input });

const createDoubling = (version = '1', factor = 2) =>
  defineFlow({
    id: 'doubling', version, input: { type: 'object', properties: { number: { type: 'number' } }, required: ['number'] },
    steps: [
      { id: 'first', uses: 'tool:echo', with: ({ input, now }) => ({ number: input.number * factor, now }) },
      { id: 'big', uses: 'tool:echo', depends_on: ['first'], when: ({ steps }) => (steps.first.output as { number: number }).number > 10, with: { text: ({ steps }) => `got ${JSON.stringify(steps.first.output)}`, plain: [1, '{% input.number %}'] } },
      { id: 'each', uses: 'tool:echo', depends_on: ['first'], for_each: ({ steps }) => [1, (steps.first.output as { number: number }).number], with: ({ item, index }) => ({ item, index }) },
    ],
  });

async function withRuntime<Result>(options: Partial<Parameters<typeof createRuntime>[0]> & { store?: MemoryRecords }, work: (runtime: Runtime) => Promise<Result>): Promise<Result> {
  const runtime = await createRuntime({ tools: [echo], ...options, store: options.store?.reopen() ?? createMemoryStore() });
  try {
    return await work(runtime);
  } finally {
    await runtime.stop();
  }
}

describe('functions as values', () => {
  it('compute `with`, `when` and `for_each`, beside expressions', async () => {
    const { steps, passed } = await withRuntime({ flows: [createDoubling()] }, async runtime => (await runtime.start('doubling', { input: { number: 7 } })).settled());
    expect(passed).toBe(true);
    const outputs = Object.fromEntries(steps.map(({ stepId, output }) => [stepId, output])) as Record<string, { number: number; now: number }>;
    expect(outputs['first']).toEqual({ number: 14, now: expect.any(Number) });
    expect(outputs['big']).toEqual({ text: `got {"number":14,"now":${outputs['first']?.now}}`, plain: [1, 7] });
    expect(outputs['each']).toEqual([{ item: 1, index: 0 }, { item: 14, index: 1 }]);
    const less = await withRuntime({ flows: [createDoubling()] }, async runtime => (await runtime.start('doubling', { input: { number: 2 } })).settled());
    expect(less.steps.map(({ status }) => status)).toEqual(['completed', 'skipped', 'completed']);
  });

  it('are stored by their place; the digest has the version and not the text', () => {
    const { definition, digest, functions } = compileFlow(createDoubling());
    expect(functions).toEqual(['steps.first.with', 'steps.big.when', 'steps.big.with.text', 'steps.each.for_each', 'steps.each.with']);
    expect(JSON.parse(JSON.stringify(definition)).steps[1]).toMatchObject({ when: '{% function steps.big.when %}', with: { text: '{% function steps.big.with.text %}', plain: [1, '{% input.number %}'] } });
    expect(compileFlow(createDoubling('1', 3)).digest).toBe(digest);
    expect(compileFlow(createDoubling('2')).digest).not.toBe(digest);
    expect(compileStored({ definition: JSON.stringify(definition), digest }).functions).toEqual(functions);
    expect(JSON.stringify(definition)).not.toContain('=>');
  });

  it('stand in steps of any id', async () => {
    const flow = defineFlow({ id: 'hyphens', steps: [{ id: 'pay-back', uses: 'tool:echo', when: () => true, with: ({ input }) => input }, { id: 'thank_you-2', uses: 'tool:echo', depends_on: ['pay-back'], with: { got: ({ steps }) => steps['pay-back'].output } }] });
    const { steps } = await withRuntime({ flows: [flow] }, async runtime => (await runtime.start('hyphens', { input: { n: 1 } })).settled());
    expect(steps.map(({ output }) => output)).toEqual([{ n: 1 }, { got: { n: 1 } }]);
    expect(compileStored({ definition: JSON.stringify(flow), digest: compileFlow(flow).digest }).functions).toEqual(['steps.pay-back.when', 'steps.pay-back.with', 'steps.thank_you-2.with.got']);
  });

  it('see frozen copies, so that they cannot change what others see', async () => {
    const flow = defineFlow({ id: 'changes', steps: [{ id: 'a', uses: 'tool:echo', with: ({ input }) => Object.assign(input as object, { more: 1 }) }] });
    const { steps } = await withRuntime({ flows: [flow] }, async runtime => (await runtime.start('changes', { input: {} })).settled());
    expect(steps[0]).toMatchObject({ status: 'failed', reason: { code: 'expression_failed', message: expect.stringContaining('The function at `steps.a.with` could not be evaluated: Cannot add property more') } });
  });

  it.each([
    ['a promise', async () => 1, 'expected `result` to be a JSON value; await the Promise first, got an instance of `Promise`; a value is computed at once: do what takes time in a tool'],
    ['a date', () => ({ at: new Date(0) }), 'expected `result.at` to be a JSON value; write a Date as a string (`date.toISOString()`), got an instance of `Date`'],
    ['an error', () => { throw new Error('no luck'); }, 'no luck'],
  ])('fail their step with %s', async (_name, run, reason) => {
    const flow = defineFlow({ id: 'wrong', steps: [{ id: 'a', uses: 'tool:echo', with: run as () => never }] });
    const { steps } = await withRuntime({ flows: [flow] }, async runtime => (await runtime.start('wrong')).settled());
    expect(steps[0]?.reason).toMatchObject({ code: 'expression_failed', message: `The function at \`steps.a.with\` could not be evaluated: ${reason}` });
  });

  it('give the same random numbers and time again', async () => {
    const flow = defineFlow({ id: 'dice', steps: [{ id: 'a', uses: 'tool:echo', with: ({ now, random }) => [now, random(), random()] }] });
    const { plan: [step] } = { plan: compileFlow(flow).steps };
    const evaluate = () => step?.with?.evaluate({ input: {}, steps: {} }, { now: 5, seed: 'x', timeLimitMs: 1_000, room: { used: 0, maxBytes: 1_000_000 } });
    const first = (await evaluate()) as number[];
    expect(first).toEqual([5, expect.any(Number), expect.any(Number)]);
    expect(first[1]).not.toBe(first[2]);
    expect(await evaluate()).toEqual(first);
  });

  it('block an execution whose functions are missing or of another version, and let it go on when they are back', async () => {
    const store = createMemoryStore();
    const gate = defineFlow({ id: 'gate', version: '1', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }, { id: 'after', uses: 'tool:echo', depends_on: ['wait'], with: ({ steps }) => ({ got: steps.wait.output }) }] });
    const executionId = await withRuntime({ store, flows: [gate] }, async runtime => (await runtime.start('gate')).executionId);
    for (const flows of [[], [defineFlow({ ...JSON.parse(JSON.stringify(gate)), version: '2', steps: [{ id: 'wait', uses: 'sleep', with: { for: 1 } }] })]]) {
      await withRuntime({ store, flows }, async runtime => {
        if (flows.length === 0) await runtime.signal(executionId, 'go', 5);
        await vi.waitFor(async () => expect((await runtime.list())[0]?.blockedBy).toEqual({
          code: 'value_unknown', retryable: false,
          message: `Waits for functions of version 1 of the flow "gate" that this runtime does not have: steps.after.with (${flows.length === 0 ? 'the flow is not registered' : 'registered is version 2'})`,
          details: { values: ['steps.after.with'], flowId: 'gate', version: '1' },
        }), { timeout: 30_000 });
      });
    }
    const settled = await withRuntime({ store, flows: [gate] }, async runtime => runtime.settled(executionId));
    expect(settled.steps[1]?.output).toEqual({ got: 5 });
  });

  it('are taken from the version they were stored with, when both are registered', async () => {
    const store = createMemoryStore();
    const create = (version: string) => defineFlow({ id: 'both', version, steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }, { id: 'say', uses: 'tool:echo', depends_on: ['wait'], with: () => version }] });
    const executionId = await withRuntime({ store, flows: [create('1')] }, async runtime => (await runtime.start('both')).executionId);
    const settled = await withRuntime({ store, flows: [create('1'), create('2')] }, async runtime => {
      await runtime.signal(executionId, 'go');
      expect((await (await runtime.start('both')).get()).flowVersion).toBe('2');
      return runtime.settled(executionId);
    });
    expect(settled.steps[1]?.output).toBe('1');
  });

  it('cannot be started from a copy that lost them', async () => {
    const copy = JSON.parse(JSON.stringify(createDoubling()));
    await withRuntime({ flows: [copy] }, async runtime => {
      await expect(runtime.start('doubling')).rejects.toMatchObject({ code: 'value_unknown', message: expect.stringContaining('the registered flow has none there') });
    });
  });

  it('cannot run in a process of their own', async () => {
    expect(() => defineFlow({ id: 'apart', flow_type: 'static', steps: [{ id: 'a', uses: 'tool:echo', with: () => 1 }] })).toThrow('Expected a flow with functions as values (steps.a.with) to be `dynamic`');
  });

  it('cannot be named in a text', () => {
    const text = 'id: a\nsteps:\n  - id: b\n    uses: exec\n    with: "{% function steps.b.with %}"\n';
    expect(() => parseFlow(text)).toThrow('a function stands in its place in TypeScript, it cannot be named');
    expect(() => defineFlow({ id: 'a', steps: [{ id: 'b', uses: 'exec', with: '{% function steps.b.with %}' }] })).toThrow('cannot be named');
  });

  it('start by the flow itself: its input is checked, its outputs come by step', async () => {
    const flow = createDoubling();
    await withRuntime({ flows: [flow] }, async runtime => {
      const settled = await (await runtime.start(flow, { input: { number: 2 } })).settled();
      expect(settled.outputs).toEqual({ first: { number: 4, now: expect.any(Number) }, big: null, each: [{ item: 1, index: 0 }, { item: 4, index: 1 }] });
      expect(JSON.parse(JSON.stringify(settled))).not.toHaveProperty('outputs');
      await expect(runtime.start(flow, { input: {} as never })).rejects.toMatchObject({ code: 'input_invalid' });
      await expect(runtime.start(createDoubling('2'), { input: { number: 2 } })).rejects.toMatchObject({
        code: 'flow_unknown', message: 'Expected a flow that `createRuntime` was given, got another definition of "doubling" (version 2, registered is version 1); give this one in `flows`',
      });
    });
  });

  it('stand only where values do', () => {
    const wrong = { id: 'a', steps: [{ id: 'b', uses: 'exec', timeout: () => 5 }] } as never;
    let problem: unknown;
    try {
      defineFlow(wrong);
    } catch (error) {
      problem = isFlowError(error) && error.details?.['problems'];
    }
    expect(problem).toEqual([expect.objectContaining({ message: 'Expected `steps[0].timeout` to be a JSON value, got a function (`timeout`)' })]);
  });

  it('are decided by generated paths, as expressions are', async () => {
    const report = await testFlow(createDoubling());
    expect(report).toMatchObject({ passed: true, divergences: 0 });
    expect(report.covered.some(item => item.includes('condition_false') || item.includes('skip'))).toBe(true);
  });
});
