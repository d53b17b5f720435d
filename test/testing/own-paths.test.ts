import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowDefinition } from '../../src/definition/schema.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { Tool } from '../../src/kinds/flows/tool.ts';
import { defineTool } from '../../src/kinds/flows/tool.ts';
import { listFlowMutants } from '../../src/testing/flow-mutants.ts';
import { mutateFlow, proveMutants } from '../../src/testing/mutate-flow.ts';
import type { OwnPathSet } from '../../src/testing/own-paths.ts';
import { makeOwnPaths } from '../../src/testing/own-paths.ts';
import { runOwnPath } from '../../src/testing/run-own-path.ts';
import { testFlow } from '../../src/testing/test-flow.ts';
import { followPath } from '../../src/testing/test-paths.ts';
import { makeWholePaths } from '../../src/testing/whole-paths.ts';
import { builtInTools } from '../../src/tools/built-in.ts';
import { cleanups, recoveries, swap, waits } from './flows.ts';

const names = ({ paths }: OwnPathSet): string[] => paths.map(({ name }) => name);
const withWhen = (when: string | undefined, input?: object): FlowDefinition =>
  defineFlow({ id: 'told', ...(input && { input: input as never }), steps: [{ id: 'ask', uses: 'tool:ask' }, { id: 'act', uses: 'tool:act', depends_on: ['ask'], ...(when !== undefined && { when }) }] });

describe('paths on which the expressions of a flow decide', () => {
  it('begin each step and exclude it, by values found in how the expressions use them', async () => {
    const set = await makeOwnPaths(swap);
    expect(names(set)).toEqual(expect.arrayContaining(['everything completes; scored 1', 'swap is excluded by its condition; scored 1', 'mail has no items; scored 1', 'mail has one item; scored 1', 'quote times out; scored 0.75']));
    expect(set.needsValues).toEqual([]);
    expect(set.paths.find(({ name }) => name.startsWith('swap is excluded'))?.input).toMatchObject({ amount: 0 });
    expect(set.covered).toContain('swap: with.amount comes out in two ways');
  });

  it.each([
    ["steps.ask.output.state = 'open' and steps.ask.output.count >= 3"], ["'a.json' in steps.ask.output.names"], ['$count(steps.ask.output.rows[kind = "x"]) > 1'], ['$not(steps.ask.output.refused)'], ["steps.ask.output ? false : true"],
    ['($limit := input.limit; steps.ask.output.total < $limit)'], ["$contains(steps.ask.output.text, 'urgent')"],
  ])('find values for %s', async when => {
    const set = await makeOwnPaths(withWhen(when));
    expect(set.needsValues.filter(item => item.startsWith('act: when'))).toEqual([]);
  });

  it('take only values that the schemas of the input and of the tools allow, and say when none fits', async () => {
    const level = { type: 'object', required: ['level'], properties: { level: { enum: ['low', 'high'] } } };
    const fitting = await makeOwnPaths(withWhen("input.level = 'high'", level));
    expect(fitting.needsValues).toEqual([]);
    expect(fitting.paths.every(({ input }) => ['low', 'high'].includes((input as { level: string }).level))).toBe(true);
    const impossible = withWhen("input.level = 'huge'", level);
    expect((await makeOwnPaths(impossible)).needsValues).toEqual(['act: when is true']);
    expect((await makeWholePaths(impossible)).uncovered).toContainEqual({ item: 'act: when is true', reason: 'needs values' });
    const tools: Tool[] = [defineTool({ name: 'ask', output: z.object({ yes: z.literal(true) }), run: () => ({ yes: true as const }) })];
    expect((await makeOwnPaths(withWhen('steps.ask.output.yes'), { tools })).needsValues).toEqual(['act: when is false']);
  });

  it('try what the author gives', async () => {
    const secret = withWhen("$length(steps.ask.output.code) = 7 and $substring(steps.ask.output.code, 2, 3) = 'qxz'");
    expect((await makeOwnPaths(secret)).needsValues).toEqual(['act: when is true']);
    expect((await makeOwnPaths(secret, { examples: { outputs: { 'tool:ask': [{ code: 'abqxzcd' }, { code: 'no' }] } } })).needsValues).toEqual([]);
    const { steps } = secret;
    const inFlow = defineFlow({ id: 'told', steps: steps.map(step => (step.id === 'ask' ? { ...step, examples: [{ code: 'abqxzcd' }] } : step)) as never });
    expect((await makeOwnPaths(inFlow)).needsValues).toEqual([]);
  });

  it.each([[swap, 15], [waits, 15], [recoveries, 10], [cleanups, 5]] as const)('are what the runtime does (%#)', async (flow, count) => {
    const set = await makeOwnPaths(flow);
    for (const path of set.paths) await followPath(flow, path);
    expect(set.paths.length).toBeGreaterThanOrEqual(count);
  });

  it.each([[waits], [recoveries]] as const)('come to the same end when the process is lost at any commit (%#)', async flow => {
    const { paths } = await makeOwnPaths(flow);
    for (const path of paths.slice(0, 6)) {
      const { crashes, divergences } = await runOwnPath(path.model, path, { crash: true }, path.walk);
      expect({ path: path.name, divergences }).toEqual({ path: path.name, divergences: [] });
      expect(crashes).toBeGreaterThan(0);
    }
  });

  it('find a runtime that hands its handlers other inputs', async () => {
    const open: typeof createRuntime = options => createRuntime({ ...options, tools: (options.tools as Tool[]).map(tool => ({ ...tool, run: call => tool.run({ ...call, input: { wrong: true } } as never) })) });
    const report = await testFlow(swap, { open });
    expect(report.paths.find(({ name }) => name === 'everything completes; scored 1')?.divergences).toContainEqual(expect.objectContaining({ what: 'input of swap', found: { wrong: true } }));
  });
});

describe('a change of a flow', () => {
  const remove = (flow: FlowDefinition, id: string, key: string): FlowDefinition => ({ ...flow, steps: flow.steps.map(step => (step.id === id ? Object.fromEntries(Object.entries(step).filter(([name]) => name !== key)) : step)) }) as FlowDefinition;

  it('makes a kept path fail: a condition that is gone, above all', async () => {
    const { paths } = await makeOwnPaths(swap);
    const failed: string[] = [];
    for (const path of paths) await followPath(remove(swap, 'swap', 'when'), path).catch((error: { code: string }) => failed.push(`${path.name}: ${error.code}`));
    expect(failed).toContain('swap is excluded by its condition; scored 1: path_diverged');
  });

  it.each([[swap, 15], [waits, 15], [recoveries, 6], [cleanups, 6]] as const)('goes nowhere unnoticed (%#)', async (flow, count) => {
    const report = await mutateFlow(flow, (await makeOwnPaths(flow)).paths);
    expect(report.survivors.filter(({ telling }) => telling)).toEqual([]);
    expect(report.killed).toBeGreaterThanOrEqual(count);
  });

  it('makes a path fail when a step no longer runs whatever has become of the others', async () => {
    const { paths } = await makeOwnPaths(cleanups);
    expect(listFlowMutants(cleanups).map(({ name }) => name)).toContain('close: run removed');
    const failed: string[] = [];
    for (const path of paths) await followPath(remove(cleanups, 'close', 'run'), path).catch(() => failed.push(path.name));
    expect(failed.some(name => name.startsWith('open fails for good'))).toBe(true);
  });

  it('is each guard, dependency, policy and constant, one at a time', () => {
    expect(listFlowMutants(swap).map(({ name }) => name)).toEqual(expect.arrayContaining([
      'swap: when removed', 'swap: when negated', 'swap: depends_on without quote', 'balance: retry removed', 'balance: retry.maxAttempts lowered by one', 'balance: timeout removed', 'quote: critical turned to true',
      'mail: for_each without its last item', 'mail: for_each removed', 'swap: with.amount without its expression', 'the flow: timeout removed',
    ]));
    expect(listFlowMutants(waits).map(({ name }) => name)).toEqual(expect.arrayContaining(['ask: with.name changed', 'nap: with.for changed', 'end: with.command changed', 'each: for_each without its last item']));
    expect(listFlowMutants(recoveries).map(({ name }) => name)).toEqual(expect.arrayContaining(['asks: recover.ask.timeout removed', 'first: recover removed']));
  });

  it('is noticed in its mode, its weights, its least score, its limit, and inside its expressions', async () => {
    const flow = defineFlow({
      id: 'order', min_score: 0.6, concurrency: 2,
      input: { type: 'object', required: ['n', 'to'], properties: { n: { type: 'integer' }, to: { type: 'string' } } },
      steps: [
        { id: 'price', uses: 'tool:price' },
        { id: 'look', uses: 'tool:look', critical: false, weight: 3 },
        { id: 'note', uses: 'tool:note', depends_on: ['look'], with: { size: "{% input.n + 2 %} {% input.to & '!' %}" } },
        { id: 'send', uses: 'tool:send', depends_on: ['price'], when: "input.n >= 5 and input.to != 'nobody'" },
      ],
    });
    const mutants = listFlowMutants(flow).map(({ name }) => name);
    expect(mutants).toEqual(expect.arrayContaining([
      'the flow: mode changed to strict', 'the flow: mode changed to lenient', 'the flow: min_score changed to 0', 'the flow: concurrency changed to 1', 'look: weight changed',
      'send: when with >= changed to >', 'send: when with 5 changed to 6', 'send: when with and changed to or', "send: when with 'nobody' changed to 'nobody~'", 'send: when with != changed to =',
      'note: with.size with + changed to -', "note: with.size with '!' changed to '!~'",
    ]));
    const { survivors } = await mutateFlow(flow, (await makeOwnPaths(flow)).paths);
    expect(survivors).toEqual([
      { name: 'the flow: min_score changed to 1', reason: 'no score but 0 is between 0.6 and 1', telling: false },
      { name: 'the flow: concurrency changed to 3', reason: 'never do more than 2 want to run at the same time', telling: false },
    ]);
  });

  it('of a flow with functions in place of expressions is noticed, as they are called to find out what they read', async () => {
    const flow = defineFlow({
      id: 'pricing',
      input: { type: 'object', required: ['amount', 'to'], properties: { amount: { type: 'number' }, to: { type: 'string' } } },
      steps: [
        { id: 'price', uses: 'tool:price', with: ({ input }: { input: { amount: number } }) => ({ amount: input.amount > 50 ? input.amount * 2 : input.amount }) },
        { id: 'alert', uses: 'tool:alert', depends_on: ['price'], critical: false, when: ({ input, steps }: never) => (input as { amount: number }).amount > 100 && (steps as { price: { output: { urgent: boolean } } }).price.output.urgent },
        { id: 'each', uses: 'tool:each', depends_on: ['price'], for_each: ({ steps }: never) => (steps as { price: { output: { parts?: unknown[] } } }).price.output.parts ?? [], with: ({ item, input }: { item: string; input: { to: string } }) => ({ item, to: input.to }) },
      ],
    } as never);
    const { paths, needsValues } = await makeOwnPaths(flow);
    expect(needsValues).toEqual([]);
    const { survivors } = await mutateFlow(flow, paths);
    expect(survivors.filter(({ telling }) => telling)).toEqual([]);
  });

  it('that means the same makes no path fail', async () => {
    const { paths } = await makeOwnPaths(swap);
    const reordered = JSON.parse(JSON.stringify(swap), (_key, value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toReversed()) : value)) as FlowDefinition;
    const described = { ...swap, description: 'Swaps', version: '7', steps: swap.steps.map(step => ({ ...step, description: `Does ${step.id}` })) };
    const moved = { ...swap, steps: swap.steps.toReversed() };
    const respelt = { ...swap, steps: swap.steps.map(step => (step.when === undefined ? step : { ...step, when: '{%  (input.amount)  >  0  %}' })) };
    for (const same of [reordered, described, moved, respelt]) for (const path of paths) await followPath(same, path);
  });

  it('that goes unnoticed fails the proof, with what is missing', async () => {
    const { paths } = await makeOwnPaths(swap);
    await expect(proveMutants(swap, paths)).resolves.toMatchObject({ survivors: [{ name: 'the flow: concurrency changed to 11', telling: false }] });
    const few = paths.filter(({ name }) => name === 'everything completes; scored 1');
    await expect(proveMutants(swap, few)).rejects.toMatchObject({ code: 'mutants_survived', message: expect.stringContaining('swap: when removed: needs values with which it comes out differently') });
  });

  it.each(['approval', 'fan-out', 'nested', 'sleep'])('of the example %s goes nowhere unnoticed', async name => {
    const flow = await loadFlow(new URL(`../../docs/examples/${name}.yml`, import.meta.url).pathname);
    const { paths, needsValues } = await makeOwnPaths(flow, { tools: builtInTools });
    expect(needsValues).toEqual([]);
    const { survivors } = await mutateFlow(flow, paths);
    expect(survivors.filter(({ telling }) => telling)).toEqual([]);
    // What no path can tell is told apart, with the reason.
    const told = survivors.map(({ reason }) => reason).filter(reason => !/^never do more than|^wherever \w+ counts the score is 0 or 1$|^no score but 0|^whatever fails/.test(reason));
    expect(told).toEqual(name === 'sleep' ? ['pause only sleeps, and cannot fail', 'until only sleeps, and cannot fail'] : []);
  });
});
