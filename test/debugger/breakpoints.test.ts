import { afterEach, describe, expect, it } from 'vitest';
import { assign, createActor, getMicrosteps, setup } from 'xstate';
import type { Breakpoint } from '../../src/debugger/breakpoint.ts';
import { createMemoryStore, defineTool } from '../../src/index.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { flows, openStand, rest } from './stand.ts';

const opened: Runtime[] = [];
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.stop({ timeoutMs: 0 });
});

const cases: readonly (readonly [what: string, flowId: string, breakpoint: Breakpoint, calls: readonly string[]])[] = [
  ['a state of a step', 'two', { step: 'b', state: 'running' }, ['a']],
  ['a state of the flow', 'two', { state: 'consolidating' }, ['a', 'b']],
  ['an event', 'two', { event: 'attempt.completed' }, ['a']],
  ['the start', 'two', { event: 'flow.start' }, []],
  ['an item', 'items', { step: 'each', item: 1, state: 'completed' }, ['each[0]', 'each[1]']],
  ['any item of a step', 'items', { step: 'each', event: 'step.start' }, []],
  ['a failure', 'items', { failure: true }, ['each[0]', 'each[1]']],
  ['a failure by its code', 'items', { failure: 'tool_threw' }, ['each[0]', 'each[1]']],
  ['an expression over the state before', 'two', { step: 'b', when: 'before.value = "pending"' }, ['a']],
  ['an expression over the output', 'two', { when: 'output.by = "b"' }, ['a', 'b']],
  ['an expression that throws', 'two', { step: 'b', when: '$error("no")' }, ['a']],
  ['the second time', 'two', { event: 'attempt.completed', hits: 2 }, ['a', 'b']],
  ['only its flow', 'two', { flowId: 'two', step: 'b', state: 'running' }, ['a']],
];

describe('a breakpoint', () => {
  it.each(cases)('on %s stops before anything of it is stored or begun', async (_what, flowId, breakpoint, expected) => {
    const { runtime, debug, calls, countEntries } = await openStand(createRuntime, createMemoryStore);
    opened.push(runtime);
    debug.breakpoints([breakpoint]);
    const { executionId } = await runtime.start(flowId);
    await rest();
    expect(debug.held()).toMatchObject([{ target: executionId, reason: 'breakpoint', mode: 'paused', hit: { breakpoint, ...(breakpoint.when?.includes('$error') && { problem: expect.any(String) }) } }]);
    expect(calls.toSorted()).toEqual(expected);
    const before = countEntries();
    await rest();
    expect(countEntries()).toBe(before);
    debug.breakpoints([]);
    debug.resume(executionId);
    await rest();
    expect((await runtime.settled(executionId)).status).toBe('scored');
  });

  it('keeps a tool from being called that must not be', async () => {
    const forbidden = defineTool({ name: 'work', run: async () => { throw new Error('it was called'); } });
    const { runtime, debug } = await openStand(createRuntime, createMemoryStore, { tools: [forbidden, defineTool({ name: 'broken', run: async () => 1 })], flows });
    opened.push(runtime);
    debug.breakpoints([{ flowId: 'two', step: 'a', state: 'running' }]);
    const execution = await runtime.start('two');
    await rest();
    await execution.cancel();
    expect((await execution.settled()).steps.map(({ attempts }) => attempts)).toEqual([0, 0]);
  });

  it('is gone once it was met, and says nothing of another flow or target', async () => {
    const { runtime, debug } = await openStand(createRuntime, createMemoryStore);
    opened.push(runtime);
    debug.breakpoints([{ flowId: 'items', event: 'flow.start' }, { target: 'nobody', event: 'flow.start' }, { flowId: 'two', step: 'a', once: true }]);
    const one = await runtime.start('two');
    await rest();
    expect(debug.held()).toHaveLength(1);
    expect(debug.breakpoints()).toHaveLength(2);
    debug.resume(one.executionId);
    await rest();
    expect((await one.settled()).passed).toBe(true);
    expect((await (await runtime.start('two')).settled()).passed).toBe(true);
  });

  it('is run to, by an execution that stands', async () => {
    const { runtime, debug, calls } = await openStand(createRuntime, createMemoryStore);
    opened.push(runtime);
    debug.pauseOnStart('two');
    const { executionId } = await runtime.start('two');
    await debug.runTo(executionId, [{ step: 'b', state: 'running' }]);
    expect([calls, debug.held()[0]?.hit?.entry.state]).toEqual([['a'], 'running']);
  });
});

const acted: string[] = [];
const machine = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'go' } | { type: 'end' } },
  actions: { shout: () => void acted.push('shout') },
  guards: { isBig: ({ context }) => context.n > 1 },
}).createMachine({
  id: 'm', context: { n: 0 }, initial: 'a',
  states: {
    a: { on: { go: { target: 'b', actions: [assign({ n: ({ context }) => context.n + 2 }), 'shout'] } } },
    b: { always: [{ guard: 'isBig', target: 'c' }, { target: 'a' }] },
    c: { type: 'parallel', states: { x: { initial: 'x1', states: { x1: { after: { 1_000: 'x2' } }, x2: {} } }, y: {} }, on: { end: 'z' } },
    z: { type: 'final' },
  },
});

describe('a machine of people\'s own', () => {
  it('is stepped, and its microsteps are those of XState, with no action performed', async () => {
    acted.length = 0;
    const { runtime, debug, clock } = await openStand(createRuntime, createMemoryStore, { machines: [machine] });
    opened.push(runtime);
    const actor = await runtime.spawn(machine, { id: 'one' });
    await debug.pause('actor:one');
    void actor.send({ type: 'go' });
    await rest();
    const preview = await debug.preview('actor:one');
    const expected = getMicrosteps(machine, createActor(machine).getSnapshot(), { type: 'go' }).map(([snapshot]) => snapshot.value);
    expect(preview?.entries.filter(({ isMicrostep }) => isMicrostep).map(({ after }) => (after as { value: unknown }).value)).toEqual(expected);
    expect(preview?.entries.map(({ choice }) => choice?.guard)).toEqual([null, 'isBig', undefined]);
    expect([acted, preview?.effects]).toEqual([[], ['action shout of one']]);
    expect(actor.getSnapshot().value).toBe('a');
    await debug.step('actor:one');
    expect([acted, actor.getSnapshot().value]).toEqual([['shout'], { c: { x: 'x1', y: {} } }]);
    clock.advance(5_000);
    await rest();
    expect(debug.held()[0]?.messages.map(({ event }) => event.type)).toEqual(['timers.due']);
    await debug.step('actor:one');
    expect(actor.getSnapshot().value).toEqual({ c: { x: 'x2', y: {} } });
    void actor.send({ type: 'end' });
    await rest();
    await debug.step('actor:one');
    expect([actor.getSnapshot().status, debug.held()]).toEqual(['done', []]);
  });

  it.each<Breakpoint>([{ state: 'c.x' }, { event: 'go' }, { when: 'after.context.n = 2' }, { target: 'actor:one', state: 'b' }, { flowId: 'm', state: 'c.y' }])('stops at the breakpoint %j before an action is performed', async breakpoint => {
    acted.length = 0;
    const { runtime, debug } = await openStand(createRuntime, createMemoryStore, { machines: [machine] });
    opened.push(runtime);
    const actor = await runtime.spawn(machine, { id: 'one' });
    debug.breakpoints([breakpoint]);
    void actor.send({ type: 'go' });
    await rest();
    expect([acted, debug.held()[0]?.hit?.breakpoint, actor.getSnapshot().value]).toEqual([[], breakpoint, 'a']);
    debug.breakpoints([]);
    debug.resume();
    await rest();
    expect(acted).toEqual(['shout']);
  });
});
