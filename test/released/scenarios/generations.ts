import type { FlowSource } from '../../../src/definition/schema.ts';
import type { Scenario, Stage } from '../stage.ts';

type Runtime = Awaited<ReturnType<Stage['open']>>;
const echo = ({ input }: { readonly input: unknown }): unknown => input;

/** A tool that fails until it is mended. */
function createMendable(): { isMended: boolean; readonly run: (call: { readonly input: unknown }) => unknown } {
  const tool = { isMended: false, run: ({ input }: { readonly input: unknown }): unknown => (tool.isMended ? input : Promise.reject(new Error('The network is down'))) };
  return tool;
}

const quote: FlowSource = {
  id: 'quote',
  steps: [
    { id: 'customer', uses: 'tool:echo', with: { name: 'Ann' } }, { id: 'rates', uses: 'tool:rates', with: 0.9 }, { id: 'left', uses: 'tool:echo', when: false },
    { id: 'letter', uses: 'tool:echo', with: '{% steps.customer.output.name & ": " & steps.rates.output %}', depends_on: ['customer', 'rates'] }, { id: 'sent', uses: 'tool:echo', depends_on: ['letter'] },
  ],
};

export const generations: Readonly<Record<string, Scenario>> = {
  'a retry runs what failed, and keeps the rest': async stage => {
    const rates = createMendable();
    const runtime = await stage.open({ flows: [quote], handlers: { echo, rates: rates.run } });
    const execution = await runtime.start('quote', { labels: { agent: 'ann' } });
    await stage.refusal('too early', () => execution.retry());
    await execution.settled();
    rates.isMended = true;
    await execution.retry();
    await execution.settled();
    await stage.examine('second', runtime, execution);
    await stage.refusal('nothing failed', () => execution.retry());
    await stage.refusal('no step', () => execution.retry({ step: 'nowhere' }));
    await execution.retry({ step: 'customer', cascade: false });
    await execution.settled();
    await execution.retry({ steps: ['letter'] });
    await execution.settled();
    await stage.examine('fourth', runtime, execution);
    await stage.survey('end', runtime);
  },

  'a retried list runs the items that did not complete': async stage => {
    let isMended = false;
    const flow: FlowSource = {
      id: 'items', mode: 'lenient',
      steps: [{ id: 'each', uses: 'tool:odd', for_each: [1, 2, 3, 4] }, { id: 'collected', uses: 'tool:odd', for_each: [1, 2], on_item_failure: 'collect' }, { id: 'sum', uses: 'tool:echo', with: '{% $sum(steps.each.output) %}', depends_on: ['each'] }],
    };
    const runtime = await stage.open({ flows: [flow], handlers: { echo, odd: ({ input }) => (isMended || input !== 2 ? input : Promise.reject(new Error('not two'))) } });
    const execution = await runtime.start('items');
    await execution.settled();
    isMended = true;
    await execution.retry();
    await execution.settled();
    await stage.examine('second', runtime, execution);
    await execution.retry({ step: 'each' });
    await execution.settled();
    await stage.examine('third', runtime, execution);
    await stage.survey('end', runtime);
  },

  'a cancelled execution goes on in its next generation': async stage => {
    const flow: FlowSource = { id: 'cancelled', steps: [{ id: 'a', uses: 'tool:echo', with: 1 }, { id: 'go', uses: 'signal', with: { name: 'go' }, depends_on: ['a'] }, { id: 'b', uses: 'tool:echo', depends_on: ['go'] }] };
    const runtime = await stage.open({ flows: [flow], handlers: { echo } });
    const execution = await runtime.start('cancelled', { idempotencyKey: 'once' });
    await execution.signal('other', 'left over', { force: true });
    await stage.rest();
    await execution.cancel();
    await execution.settled();
    await execution.retry();
    await stage.rest();
    stage.record('waits again', await execution.get());
    await execution.signal('go', 1);
    await execution.settled();
    stage.record('same key', (await runtime.start('cancelled', { idempotencyKey: 'once' })).executionId === execution.executionId);
    await stage.examine('end', runtime, execution);
  },

  'children begin anew with the step that starts them': async stage => {
    const rates = createMendable();
    const flow: FlowSource = { id: 'parent', steps: [{ id: 'one', uses: 'flow:quote' }, { id: 'each', uses: 'flow:quote', for_each: [1, 2], critical: false }] };
    const runtime = await stage.open({ flows: [flow, quote], handlers: { echo, rates: rates.run } });
    const execution = await runtime.start('parent');
    await execution.settled();
    const [child] = await runtime.list({ flowId: 'quote' });
    await stage.refusal('a child', () => runtime.retry(child?.executionId ?? ''));
    rates.isMended = true;
    await execution.retry();
    await execution.settled();
    for (const [index, one] of (await runtime.list()).entries()) await stage.examine(`all ${index}`, runtime, one);
  },

  'a changed definition runs what changed': async stage => {
    const rates = createMendable();
    rates.isMended = true;
    const handlers = { echo, rates: rates.run };
    const first = await stage.open({ flows: [quote], handlers, store: 'file' });
    const { executionId } = await first.start('quote');
    await first.settled(executionId);
    stage.crash();
    const changed = { ...quote, min_score: 0.5, steps: [...quote.steps.map(step => (step.id === 'rates' ? { ...step, with: 0.8 } : step)), { id: 'new', uses: 'tool:echo', with: 'new' }] };
    const second = await stage.open({ flows: [changed], handlers, store: 'file' });
    await stage.refusal('changed', () => second.retry(executionId, { step: 'letter' }));
    await second.retry(executionId, { onNewDefinition: true });
    await second.settled(executionId);
    await stage.examine('end', second, { executionId });
    await stage.survey('end', second);
  },

  'an unfinished execution goes on with a changed definition': async stage => {
    const flow: FlowSource = { id: 'waits', steps: [{ id: 'a', uses: 'tool:echo', with: 1 }, { id: 'go', uses: 'signal', with: { name: 'go' }, depends_on: ['a'] }] };
    const first: Runtime = await stage.open({ flows: [flow], handlers: { echo }, store: 'file' });
    const { executionId } = await first.start('waits');
    await stage.rest();
    stage.crash();
    const second = await stage.open({ flows: [{ ...flow, steps: [...flow.steps, { id: 'b', uses: 'tool:echo', with: '{% steps.a.output %}', depends_on: ['go'] }] }], handlers: { echo }, store: 'file' });
    await stage.refusal('changed', () => second.resume(executionId));
    await second.resume(executionId, { onNewDefinition: true });
    await stage.rest();
    await second.signal(executionId, 'go');
    await second.settled(executionId);
    await stage.examine('end', second, { executionId });
    await stage.survey('end', second);
  },

  'a retry survives a crash': async stage => {
    const rates = createMendable();
    const handlers = { echo, rates: rates.run };
    const flow = { ...quote, steps: [...quote.steps, { id: 'slow', uses: 'tool:rates', with: 'slow', depends_on: ['sent'] }] };
    const first = await stage.open({ flows: [flow], handlers, store: 'file' });
    const { executionId } = await first.start('quote');
    await first.settled(executionId);
    await first.retry(executionId);
    stage.crash();
    rates.isMended = true;
    const second = await stage.open({ flows: [flow], handlers, store: 'file' });
    await second.settled(executionId);
    await stage.examine('end', second, { executionId });
  },
};
