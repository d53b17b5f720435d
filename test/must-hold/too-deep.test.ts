import { afterEach, describe, expect, it } from 'vitest';
import { assign, setup } from 'xstate';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const nest = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { a: value } : [value];
  return value;
};
const circle: { self?: unknown } = {};
circle.self = circle;

const keeper = setup({ types: {} as { context: { kept: unknown }; input: unknown; events: { type: 'keep' | 'end' | 'note'; value?: unknown } } }).createMachine({
  id: 'keeper', context: ({ input }) => ({ kept: (input as { value?: unknown }).value ?? null }), initial: 'on', output: () => deepOutput,
  states: { on: { on: { keep: { actions: assign({ kept: ({ event }) => [event.value] }) }, note: {}, end: 'over' } }, over: { type: 'final' } },
});
let deepOutput: unknown;
const queue = defineQueue({ name: 'letters' });

let runtime: Runtime | undefined;
afterEach(async () => {
  await runtime?.stop({ timeoutMs: 0 });
  runtime = undefined;
});

async function open(output?: unknown): Promise<Runtime> {
  deepOutput = output;
  const flows = [
    { id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] },
    { id: 'waits', steps: [{ id: 'a', uses: 'signal', with: { name: 'go' } }] },
    { id: 'hosts', steps: [{ id: 'a', uses: 'machine:keeper', with: {} }] },
  ];
  ({ runtime } = await openRuntime(flows, { work: () => output }, { machines: [keeper], queues: [queue] }));
  return runtime;
}

/** What is given, and how it gets in. */
const doors: { readonly [door: string]: (runtime: Runtime, value: unknown) => Promise<unknown> } = {
  'the input of a start': (to, value) => to.start('f', { input: value }),
  'the payload of a signal': async (to, value) => (await to.start('waits')).signal('go', value),
  'the payload of a message': (to, value) => to.publish(queue, value),
  'the payload of one of many messages': (to, value) => to.publishMany(queue, [{ payload: 1 }, { payload: value }]),
  'the input of an actor': (to, value) => to.spawn(keeper, { id: 'k', input: { value } }),
  'an event that an actor keeps': async (to, value) => (await to.spawn(keeper, { id: 'k', input: {} })).send({ type: 'keep', value }),
  'an event of which nothing is kept': async (to, value) => (await to.spawn(keeper, { id: 'k', input: {} })).send({ type: 'note', value }),
};

describe('what is nested too deep', () => {
  const cases = Object.keys(doors).flatMap(door => [['deep', nest(501)], ['very deep', nest(30_000)], ['a circle', circle]].map(([what, value]) => [door, what, value] as const));
  it.each(cases)('is refused with one code as %s: %s', async (door, _what, value) => {
    const to = await open();
    await expect(doors[door]?.(to, value)).rejects.toMatchObject({ name: 'FlowError', code: 'value_not_json' });
    expect(to.health().status).toBe('running');
  });

  it.each(Object.keys(doors))('is taken up to 490 levels as %s', async door => {
    await doors[door]?.(await open(), nest(490));
  });

  it.each([['a tool', 'f'], ['a machine that is a step', 'hosts']])('fails the step when it is the output of %s', async (_what, flow) => {
    const to = await open(nest(30_000));
    const execution = await to.start(flow);
    if (flow === 'hosts') await execution.signal('end');
    expect((await execution.settled()).steps).toMatchObject([{ status: 'failed', reason: { code: 'value_not_json' } }]);
    expect(to.health().status).toBe('running');
  });

  it('is refused as the output of an actor, which stays as it was', async () => {
    const to = await open(nest(30_000));
    const actor = await to.spawn(keeper, { id: 'k', input: {} });
    await expect(actor.send({ type: 'end' })).rejects.toMatchObject({ code: 'value_not_json' });
    expect(actor.getSnapshot().value).toBe('on');
    deepOutput = 1;
    await actor.send({ type: 'end' });
    expect(actor.getSnapshot().output).toBe(1);
  });
});

describe('events of XState itself', () => {
  it.each(['xstate.init', 'xstate.stop', 'xstate.done.actor.child', 'xstate.error.actor.child', 'xstate.after.1000.keeper.on', 'xstate.done.state.keeper.over', 'xstate.snapshot.child'])('are not taken from outside: %s', async type => {
    const to = await open();
    const actor = await to.spawn(keeper, { id: 'k', input: {} });
    const before = actor.getPersistedSnapshot();
    await expect(actor.send({ type } as never)).rejects.toMatchObject({ code: 'event_reserved' });
    await expect((await to.actor('k')).send({ type } as never)).rejects.toMatchObject({ code: 'event_reserved' });
    expect(actor.getPersistedSnapshot()).toEqual(before);
    const step = await to.start('hosts');
    await expect(step.signal(type, { output: 1 })).rejects.toMatchObject({ code: 'signal_unknown' });
  });
});
