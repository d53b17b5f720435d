import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario } from '../stage.ts';

const double = ({ input }: { readonly input: unknown }): number => (input as number) * 2;
const echo = ({ input }: { readonly input: unknown }): unknown => input;

export const lists: Readonly<Record<string, Scenario>> = {
  'a list runs its items in order': async stage => {
    const flow: FlowSource = {
      id: 'list', concurrency: 2,
      steps: [
        { id: 'make', uses: 'tool:echo', with: [3, 1, 2] }, { id: 'each', uses: 'tool:double', for_each: 'steps.make.output', depends_on: ['make'] },
        { id: 'named', uses: 'tool:echo', for_each: '{% input.names %}', concurrency: 1, with: { name: '{% item %}', place: '{% index + 1 %}' } },
        { id: 'empty', uses: 'tool:echo', for_each: [] }, { id: 'none', uses: 'tool:echo', for_each: 'input.nothing' }, { id: 'single', uses: 'tool:echo', for_each: 'input.one' },
        { id: 'sum', uses: 'tool:echo', with: '{% $sum(steps.each.output) %}', depends_on: ['each', 'empty', 'none', 'single', 'named'] },
      ],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, double } });
    const execution = await runtime.start('list', { input: { names: ['a', 'b', 'c'], one: { only: true } } });
    await execution.settled();
    await stage.examine('end', runtime, execution);
    await stage.survey('end', runtime);
  },

  'failed items fail, are left out or are collected': async stage => {
    const list = (id: string, more: object): FlowSource => ({
      id, ...more,
      steps: [{ id: 'each', uses: 'tool:odd', for_each: [1, 2, 3, 4, 5], concurrency: 2, ...(more as { item?: object }).item }, { id: 'after', uses: 'tool:echo', with: '{% steps.each.output %}', depends_on: ['each'] }],
    });
    const strip = ({ item: _item, ...flow }: FlowSource & { item?: object }): FlowSource => flow;
    const flows = [
      list('unsaid', {}), list('lenient', { mode: 'lenient' }), list('strict', { mode: 'strict' }),
      ...(['fail', 'skip', 'collect'] as const).map(on_item_failure => list(on_item_failure, { item: { on_item_failure } })),
    ].map(strip);
    const runtime = await stage.open({ flows, handlers: { echo, odd: ({ input }) => ((input as number) % 2 === 0 ? Promise.reject(Object.assign(new Error(`${input as number} is even`), { code: 'even' })) : input) } });
    for (const { id } of flows) {
      const execution = await runtime.start(id);
      await execution.settled();
      await stage.examine(id, runtime, execution);
    }
  },

  'items have attempts and waits of their own': async stage => {
    const flow: FlowSource = { id: 'tries', steps: [{ id: 'each', uses: 'tool:flaky', for_each: [1, 2, 3], concurrency: 2, timeout: '10s', retry: { maxAttempts: 3, initialInterval: '1s', jitter: 'none' } }] };
    const runtime = await stage.open({ flows: [flow], handlers: { flaky: ({ input, attempt }) => (attempt < (input as number) ? Promise.reject(new Error(`${input as number} at ${attempt}`)) : attempt) } });
    const execution = await runtime.start('tries');
    await stage.rest();
    stage.record('waits', await execution.get({ items: true }));
    for (let round = 0; round < 6; round++) await stage.advance(1_000);
    await execution.settled();
    await stage.examine('end', runtime, execution);
    await stage.survey('end', runtime);
  },

  'a long list is whole': async stage => {
    const flow: FlowSource = { id: 'long', concurrency: 50, steps: [{ id: 'each', uses: 'tool:double', for_each: '{% [1..1200] %}' }, { id: 'sum', uses: 'tool:echo', with: '{% $sum(steps.each.output) %}', depends_on: ['each'] }] };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, double }, store: 'file' });
    const execution = await runtime.start('long');
    await execution.settled();
    const { steps, ...details } = await execution.get({ items: true });
    stage.record('details', details);
    stage.record('steps', steps.map(({ stepId, item, status, output, attempts }) => [stepId, item, status, output, attempts]));
    const session = await execution.consolidated();
    stage.record('calls', session?.steps[0]?.toolCalls.map(({ item, attempt, input, output, status }) => [item, attempt, input, output, status]));
  },

  'a list killed in the middle goes on with what is missing': async stage => {
    const flow: FlowSource = { id: 'cut', concurrency: 2, steps: [{ id: 'each', uses: 'tool:work', for_each: [0, 1, 2, 3, 4, 5], retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } }] };
    let life = 0;
    const work = ({ input, attempt }: { readonly input: unknown; readonly attempt: number }): unknown => {
      if (life === 0 && (input as number) >= 3) return new Promise(() => {});
      return input === 1 && attempt === 1 ? Promise.reject(new Error('once')) : input;
    };
    const runtime = await stage.open({ flows: [flow], handlers: { work }, store: 'file' });
    const { executionId } = await runtime.start('cut');
    await stage.advance(1_000);
    await stage.examine('cut off', runtime, { executionId });
    stage.crash();
    life = 1;
    const next = await stage.open({ flows: [flow], handlers: { work }, store: 'file' });
    await stage.rest();
    await next.settled(executionId);
    await stage.examine('end', next, { executionId });
    await stage.survey('end', next);
  },
};
