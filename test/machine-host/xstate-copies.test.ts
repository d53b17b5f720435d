import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import * as own from 'xstate';
import * as tooEarly from 'xstate-5-18';
import * as first from 'xstate-5-19';
import * as middle from 'xstate-5-27';
import type { Runtime } from '../../src/runtime/api.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import type { CorpusEntry } from './corpus/features.ts';
import type { Stimulus } from './differential.ts';
import { runLive, runTree, sortKinds } from './differential.ts';
import { openPlace } from './open-place.ts';
import type { Copy } from './recording-system.ts';

type Corpora = Readonly<Record<'everyday' | 'features', Readonly<Record<string, CorpusEntry>>>>;

const copies: readonly (readonly [name: string, path: string, x: Copy])[] = [['5.19.4', 'xstate-5-19', first as unknown as Copy], ['5.27.0', 'xstate-5-27', middle as unknown as Copy]];

/** A machine with something of everything, of a copy of XState that is not Flowstone's. */
function createMachine({ assign, emit, fromCallback, fromPromise, fromTransition, raise, sendParent, sendTo, setup, spawnChild, stopChild }: Copy, services: { readonly pay: () => Promise<string>; readonly act: (name: string) => void }) {
  const leaf = setup({}).createMachine({ id: 'leaf', initial: 'a', states: { a: { after: { 10: 'b' }, on: { go: 'b' } }, b: { entry: [sendParent({ type: 'leaf.left' }), () => services.act('leaf')] } } });
  return setup({
    types: {} as { context: { n: number; receipt: string | null; left: number } },
    actors: { leaf, pay: fromPromise(services.pay), count: fromTransition((n: number) => n + 1, 0), echo: fromCallback(({ receive, sendBack }) => receive(() => sendBack({ type: 'echoed' }))) },
    actions: { act: (_, { name }: { name: string }) => services.act(name) },
  }).createMachine({
    id: 'all',
    version: '1',
    context: { n: 0, receipt: null, left: 0 },
    initial: 'a',
    on: { 'leaf.left': { actions: assign({ left: ({ context }) => context.left + 1 }) } },
    states: {
      a: {
        entry: [{ type: 'act', params: { name: 'entered' } }, raise({ type: 'soon' }, { delay: 50 }), spawnChild('leaf', { id: 'leaf', systemId: 'the-leaf' }), spawnChild('count', { id: 'count', syncSnapshot: true })],
        invoke: [{ src: 'pay', onDone: { actions: assign({ receipt: ({ event }) => event.output }) } }, { src: 'echo', id: 'echo' }],
        on: { soon: 'b', say: { actions: [sendTo('echo', { type: 'say' }), sendTo('count', { type: 'up' })] }, echoed: { actions: assign({ n: ({ context }) => context.n + 1 }) }, nudge: { actions: sendTo(({ system }) => system.get('the-leaf'), { type: 'go' } as never) } },
      },
      b: { entry: [emit({ type: 'moved' }), stopChild('count')], on: { end: 'c' } },
      c: { type: 'final' },
    },
    output: ({ context }) => context,
  });
}

describe.each(copies)('a machine made with XState %s', (_name, path, x) => {
  it('is durable as any other', async () => {
    const acted: string[] = [];
    let answer: (receipt: string) => void = () => {};
    const build = () => createMachine(x, { pay: async () => new Promise<string>(resolve => { answer = resolve; }), act: name => void acted.push(name) });
    const place = openPlace();
    let runtime: Runtime = await place.open({ machines: [build()] });
    const actor = await runtime.spawn(build(), { id: 'a' });
    await actor.send({ type: 'say' });
    await settleTicks();
    expect(actor.getSnapshot().context).toMatchObject({ n: 1 });
    await place.close();

    runtime = await place.open({ machines: [build()] });
    const again = await runtime.actor('a');
    const emitted: string[] = [];
    again.on('*', ({ type }) => void emitted.push(type));
    await again.send({ type: 'nudge' });
    expect((again.getSnapshot().children as Record<string, { getSnapshot(): { value: unknown } }>)['leaf']?.getSnapshot().value).toBe('b');
    await again.send({ type: 'say' });
    answer('r-1');
    await settleTicks();
    place.clock.advance(50);
    await settleTicks();
    expect(again.getSnapshot()).toMatchObject({ value: 'b', context: { n: 2, receipt: 'r-1', left: 1 } });
    expect(Object.keys(again.getSnapshot().children)).not.toContain('count');
    await again.send({ type: 'end' });
    expect([again.getSnapshot().status, emitted, acted]).toEqual(['done', ['moved'], ['entered', 'leaf']]);
    await place.close();
  });

  it('does what it does live, restarted after each event', async () => {
    vi.doMock('xstate', () => x);
    // Each copy has a corpus of its own; what it tracks its actions with is the same.
    const [everyday, features] = ['everyday', 'features'].map(name => `${import.meta.dirname}/corpus/${name}.ts?${path}`) as [string, string];
    const corpus = { ...((await import(everyday)) as Corpora).everyday, ...((await import(features)) as Corpora).features };
    vi.doUnmock('xstate');
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    let acted = 0;
    for (const { machine, events } of Object.values(corpus)) {
      expect(machine).not.toBeInstanceOf(own.StateMachine);
      const stimuli: Stimulus[] = [...events, ...events.toReversed(), ...events].flatMap((event, index) => [{ event }, { ms: [0, 10, 25][index % 3] as number }]);
      const live = runLive(machine, stimuli, x).map(sortKinds);
      acted += live.flatMap(({ actions }) => actions).length;
      expect(runTree(machine, stimuli, true).map(sortKinds)).toEqual(live);
    }
    expect(acted).toBeGreaterThan(100);
    vi.restoreAllMocks();
  });
});

describe.each([...copies, ['5.33.3', 'xstate', own] as const])('a machine made with XState %s whose first step throws', (_name, _path, x) => {
  const fail = (): never => {
    throw new Error('no stock');
  };
  const broken = {
    context: x.createMachine({ id: 'stock', context: fail }),
    entry: x.createMachine({ id: 'stock', entry: fail }),
    guard: x.createMachine({ id: 'stock', initial: 'a', states: { a: { always: { guard: fail, target: 'b' } }, b: {} } }),
  };

  it.each(Object.entries(broken))('is stored with its reason, which is there after a restart: %s', async (_where, machine) => {
    const place = openPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 's' });
    await settleTicks();
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: { message: 'no stock' } });
    await place.close();
    const runtime = await place.open();
    expect((await runtime.actor('s')).getSnapshot()).toMatchObject({ status: 'error', error: { message: 'no stock' } });
    expect(await runtime.actors()).toMatchObject([{ id: 's', status: 'error' }]);
    await place.close();
  });

  it.each(Object.entries(broken))('fails its step of a flow with its reason: %s', async (_where, machine) => {
    const flow: FlowSource = { id: 'order', steps: [{ id: 'stock', uses: 'machine:stock' }] };
    const { runtime } = await openRuntime(flow, {}, { machines: [machine as never] });
    const { settled } = await runtime.start('order');
    expect((await settled()).steps[0]).toMatchObject({ status: 'failed', reason: { code: 'machine_threw', message: 'no stock' } });
    await runtime.stop();
  });

  it('gives its reason to the machine that invoked it', async () => {
    const parent = x.createMachine({ id: 'parent', context: { why: '' }, initial: 'a', states: { a: { invoke: { src: broken.context, onError: { target: 'b', actions: x.assign({ why: ({ event }) => (event.error as Error).message }) } } }, b: {} } });
    const place = openPlace({ machines: [parent] });
    await (await place.open()).spawn(parent, { id: 'p' });
    await place.close();
    expect((await (await place.open()).actor('p')).getSnapshot()).toMatchObject({ value: 'b', context: { why: 'no stock' } });
    await place.close();
  });

  it('and one that was spread is hosted as the machine it is, its transitions too', async () => {
    const base = x.createMachine({ id: 'wrapped', initial: 'a', states: { a: { invoke: { src: x.fromPromise(async () => 1), onDone: 'b' }, on: { go: 'b' } }, b: { on: { back: 'a' } } } });
    const taken: string[] = [];
    const wrapped = { ...base, transition: (...args: Parameters<typeof base.transition>) => (taken.push(args[1].type), base.transition(...args)) };
    const outer = x.createMachine({ id: 'outer', invoke: { src: wrapped as never, id: 'inner' } });
    const place = openPlace({ machines: [wrapped as never, outer] });
    let runtime = await place.open();
    await runtime.spawn(wrapped as never, { id: 'w' });
    await runtime.spawn(outer, { id: 'o' });
    await settleTicks();
    await place.close();
    runtime = await place.open();
    for (const address of ['w', 'o/inner']) {
      const actor = await runtime.actor(address);
      expect(actor.getSnapshot().value).toBe('b');
      await actor.send({ type: 'back' });
      await settleTicks();
      expect(actor.getSnapshot().value).toBe('b');
    }
    expect(taken).toEqual(['xstate.done.actor.0.wrapped.a', 'xstate.done.actor.0.wrapped.a', 'back', 'xstate.done.actor.0.wrapped.a', 'back', 'xstate.done.actor.0.wrapped.a']);
    await place.close();
  });
});

describe('what cannot be hosted', () => {
  const refuse = async (machine: unknown): Promise<unknown> => {
    const runtime = await openPlace().open();
    try {
      return await runtime.spawn(machine as never, { id: 'a' });
    } finally {
      await runtime.stop();
    }
  };
  /** What XState 4 and 6 make, by what can be seen of it. */
  const others = {
    'XState 4': { __xstatenode: true, id: 'm', states: {}, withConfig: () => {}, withContext: () => {}, transition: () => {} },
    'XState 6': { id: 'm', states: {}, provide: () => {}, getStateNodeById: () => {}, initialTransition: () => {}, transition: () => {}, getInitialSnapshot: () => {} },
  };

  it.each(Object.entries(others))('is refused with the release it is of: %s', async (release, machine) => {
    await expect(refuse(machine)).rejects.toMatchObject({ code: 'xstate_unsupported', message: expect.stringContaining(release) });
  });

  it('is a machine of a copy before 5.19', async () => {
    await expect(refuse(tooEarly.createMachine({ id: 'm' }))).rejects.toMatchObject({ code: 'xstate_unsupported', message: expect.stringMatching(/5\.19\.4 to 5\.33\.3.*since 5\.19\.0/) });
  });

  it('is an actor, or logic that is no machine', async () => {
    await expect(refuse(own.createActor(own.createMachine({ id: 'm' })))).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining('an actor; give the machine') });
    await expect(refuse({ __xstatenode: true, id: 'm' })).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining('a copy of one without its states') });
    await expect(refuse(own.fromPromise(async () => 1))).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining('invoke it in one') });
  });
});

it('takes a machine with other implementations for the same machine', async () => {
  const place = openPlace();
  const acted: string[] = [];
  const machine = own.setup({ actions: { act: () => void acted.push('real') } }).createMachine({ id: 'm', on: { go: { actions: 'act' } } });
  const provided = machine.provide({ actions: { act: () => void acted.push('provided') } });
  const runtime = await place.open({ machines: [machine] });
  const actor = await runtime.spawn(provided, { id: 'a' });
  await actor.send({ type: 'go' });
  expect(acted).toEqual(['provided']);
  await place.close();
});

it('reads states, events and input off a machine of another release', async () => {
  const place = openPlace();
  const runtime = await place.open();
  const machine = first.setup({ types: {} as { context: { n: number }; input: { n: number }; events: { type: 'add'; by: number } } }).createMachine({ id: 'm', context: ({ input }) => input, on: { add: { actions: first.assign({ n: ({ context, event }) => context.n + event.by }) } } });
  const actor = await runtime.spawn(machine, { id: 'a', input: { n: 1 } });
  expectTypeOf(actor.getSnapshot().context).toEqualTypeOf<{ n: number }>();
  expectTypeOf(actor.send).parameter(0).toEqualTypeOf<{ type: 'add'; by: number }>();
  await actor.send({ type: 'add', by: 2 });
  expect(actor.getSnapshot().context.n).toBe(3);
  await place.close();
});
