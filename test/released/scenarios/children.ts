import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

const echo = ({ input }: { readonly input: unknown }): unknown => input;
const child: FlowSource = { id: 'child', input: { type: 'object' }, steps: [{ id: 'work', uses: 'tool:echo', with: '{% input.n * 10 %}' }, { id: 'ask', uses: 'signal', with: { name: 'go' }, when: 'input.ask = true', depends_on: ['work'] }] };

export const children: Readonly<Record<string, Scenario>> = {
  'child flows run and hand back what they came to': async stage => {
    const flow: FlowSource = {
      id: 'parent', mode: 'lenient',
      steps: [
        { id: 'one', uses: 'flow:child', with: { n: '{% input.n %}' } }, { id: 'bad', uses: 'flow:broken' }, { id: 'refused', uses: 'flow:child', with: 'no object' },
        { id: 'each', uses: 'flow:child', for_each: [1, 2], with: { n: '{% item %}' }, depends_on: ['one'] },
        { id: 'after', uses: 'tool:echo', with: { one: '{% steps.one.output.outputs %}', each: '{% steps.each.output.score %}' }, depends_on: ['each', 'bad'] },
      ],
    };
    const broken: FlowSource = { id: 'broken', steps: [{ id: 'a', uses: 'tool:fails' }] };
    const runtime = await stage.open({ flows: [flow, child, broken], handlers: { echo, fails: () => Promise.reject(new Error('no')) } });
    const execution = await runtime.start('parent', { input: { n: 4 } });
    await execution.settled();
    await stage.examine('parent', runtime, execution);
    for (const [index, { executionId }] of (await runtime.list()).entries()) await stage.examine(`all ${index}`, runtime, { executionId });
    await stage.survey('end', runtime);
  },

  'a child waits, and its parent with it': async stage => {
    const flow: FlowSource = { id: 'parent', steps: [{ id: 'one', uses: 'flow:child', with: { n: 1, ask: true } }, { id: 'timed', uses: 'flow:child', with: { n: 2, ask: true }, timeout: '10s', critical: false }] };
    const runtime = await stage.open({ flows: [flow, child], handlers: { echo } });
    const execution = await runtime.start('parent');
    await stage.rest();
    await stage.survey('waits', runtime);
    await stage.advance(10_000);
    await stage.survey('one is late', runtime);
    const waiting = (await runtime.list({ flowId: 'child' })).find(({ settledAt }) => settledAt === null);
    await runtime.signal(waiting?.executionId ?? '', 'go', { by: 'Ann' });
    await execution.settled();
    await stage.rest();
    for (const [index, { executionId }] of (await runtime.list()).entries()) await stage.examine(`all ${index}`, runtime, { executionId });
  },

  'a cancelled parent takes its children with it': async stage => {
    const flows: FlowSource[] = [
      { id: 'grandparent', steps: [{ id: 'down', uses: 'flow:parent' }] }, { id: 'parent', steps: [{ id: 'down', uses: 'flow:child', with: { n: 1, ask: true } }] }, child,
    ];
    const runtime = await stage.open({ flows, handlers: { echo } });
    const execution = await runtime.start('grandparent');
    await stage.rest();
    await execution.cancel('enough');
    await stage.rest();
    for (const [index, { executionId }] of (await runtime.list()).entries()) await stage.examine(`all ${index}`, runtime, { executionId });
    await stage.survey('end', runtime);
  },

  'a tree of flows survives a crash': async stage => {
    const flows: FlowSource[] = [
      { id: 'grandparent', steps: [{ id: 'down', uses: 'flow:parent' }, { id: 'after', uses: 'tool:echo', with: '{% steps.down.output %}', depends_on: ['down'] }] },
      { id: 'parent', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1m' } }, { id: 'down', uses: 'flow:child', with: { n: 1, ask: true }, depends_on: ['nap'] }] }, child,
    ];
    const open = async (): Promise<Awaited<ReturnType<typeof stage.open>>> => stage.open({ flows, handlers: { echo }, store: 'file' });
    const { executionId } = await (await open()).start('grandparent');
    await stage.rest();
    stage.crash();
    const second = await open();
    await stage.advance(60_000);
    await stage.survey('second', second);
    stage.crash();
    const third = await open();
    await stage.rest();
    const lowest = (await third.list({ flowId: 'child' }))[0];
    await third.signal(lowest?.executionId ?? '', 'go');
    await third.settled(executionId);
    for (const [index, one] of (await third.list()).entries()) await stage.examine(`all ${index}`, third, one);
    await stage.survey('end', third);
  },
};
