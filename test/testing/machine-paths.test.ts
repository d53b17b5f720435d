import { assign, createMachine, fromPromise, sendParent, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { checkoutMachine } from '../../docs/examples/checkout/checkout-machine.ts';
import { followKeptMachinePath, keepMachinePaths } from '../../src/testing/kept-machine.ts';
import { listMachineItems } from '../../src/testing/machine-items.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import { addTellingPaths, mutateMachine, proveMachineMutants } from '../../src/testing/mutate-machine.ts';
import { propertyTest } from '../../src/testing/property-test.ts';
import { crashMachinePath, runMachinePath } from '../../src/testing/run-machine-path.ts';
import { testKeptMachinePaths } from '../../src/testing/test-kept-paths.ts';
import { testPaths } from '../../src/testing/test-paths.ts';
import { exampleMachines } from './example-machines.ts';
import { createLargeMachine } from './large-machine.ts';

const names = (set: { readonly paths: readonly { readonly name: string }[] }): string[] => set.paths.map(({ name }) => name);

const match = setup({ types: { context: {} as { lead: number } }, guards: { leads: ({ context }) => context.lead >= 3, trails: ({ context }) => context.lead <= -3 } }).createMachine({
  id: 'match', context: { lead: 0 }, initial: 'play',
  states: {
    play: {
      always: [{ guard: 'leads', target: 'won' }, { guard: 'trails', target: 'lost' }],
      on: { UP: { actions: assign({ lead: ({ context }) => context.lead + 1 }) }, DOWN: { actions: assign({ lead: ({ context }) => context.lead - 1 }) } },
    },
    won: { type: 'final' }, lost: { type: 'final' },
  },
});

const patient = setup({ types: { context: {} as { got: unknown } }, actors: { load: fromPromise<unknown>(async () => 1) } }).createMachine({
  id: 'patient', context: { got: null }, initial: 'idle',
  states: {
    idle: { on: { go: 'loading' }, after: { 1_000: 'bored', 5_000: 'asleep' } },
    loading: { invoke: { src: 'load', id: 'load', onDone: { target: 'loaded', actions: assign({ got: ({ event }) => event.output }) }, onError: 'idle' } },
    bored: {}, asleep: {}, loaded: {},
  },
});

const child = createMachine({
  id: 'child', initial: 'a',
  states: { a: { on: { NEXT: 'b' }, after: { 500: 'c' } }, b: { entry: sendParent({ type: 'HI' }), on: { END: 'd' } }, c: {}, d: { type: 'final' } },
});
const parent = setup({ types: { context: {} as { hi: number } }, actors: { child } }).createMachine({
  id: 'parent', context: { hi: 0 }, initial: 'w',
  states: { w: { on: { HI: { actions: assign({ hi: ({ context }) => context.hi + 1 }) } }, invoke: { src: 'child', id: 'kid', onDone: 'ok' } }, ok: { type: 'final' } },
});

const orders = { input: { amountCents: 4_200 }, services: { pay: { done: [{ receipt: 'r1', amountCents: 4_200 }], error: [new Error('declined')] } } };

describe('paths of a machine', () => {
  it('take eventless transitions, each by what makes its guard true', () => {
    const set = generatePaths(match, { maxStates: 200 });
    expect(names(set)).toEqual(['UP → UP → UP (won)', 'DOWN → DOWN → DOWN (lost)']);
    expect(set.covered).toEqual(['play: UP', 'play: DOWN', 'play: always [leads]', 'play: always #2 [trails]', 'play: always refused by every guard']);
    expect(set).toMatchObject({ uncovered: [], truncated: false });
  });

  it('let delays and services end where they can, and never otherwise', () => {
    const set = generatePaths(patient);
    expect(names(set)).toEqual(expect.arrayContaining(['go → load is done (loaded)', 'go → load fails (idle)', 'time passes (1000 ms) (bored)']));
    expect(set.uncovered).toEqual([{ item: 'idle: xstate.after.5000.patient.idle', reason: expect.stringContaining('proven unreachable') }]);
    expect(set.paths.flatMap(({ steps }) => steps).filter(({ cause }) => cause === 'done').every(({ snapshot }) => snapshot.value === 'loaded')).toBe(true);
  });

  it('enter child machines', () => {
    const set = generatePaths(parent);
    expect(names(set)).toContain('kid: NEXT → kid: END (ok)');
    expect(set.covered).toEqual(expect.arrayContaining(['w: HI', 'w: xstate.done.actor.kid', 'kid › a: NEXT', 'kid › a: xstate.after.500.child.a', 'kid › b: END']));
    expect(set.uncovered).toEqual([]);
  });

  it('never claim what they did not reach, and say why', () => {
    const far = createMachine({ id: 'far', context: { n: 0 }, initial: 'a', states: { a: { on: { add: { actions: assign({ n: ({ context }) => context.n + 1 }) }, go: { guard: ({ context }) => context.n > 900, target: 'b' } } }, b: {} } });
    expect(generatePaths(far, { maxStates: 10 }).uncovered).toEqual([{ item: 'a: go [guard]', reason: 'not found within 10 states: events with a payload have to be given' }]);
    expect(generatePaths(far, { maxPaths: 0 }).uncovered.map(({ reason }) => reason)).toContain('bound: 0 paths');
    expect(generatePaths(checkoutMachine).uncovered[0]?.reason).toMatch(/^input needed: it does not begin/);
    const given = createMachine({ initial: 'a', states: { a: { on: { x: { guard: ({ event }) => event['y'] === 1, target: 'b' } } }, b: {} } });
    expect(generatePaths(given).uncovered).toEqual([{ item: 'a: x [guard]', reason: expect.stringContaining('give `events`') }]);
    expect(generatePaths(given, { events: [{ type: 'x', y: 2 }] as never }).uncovered).toEqual([{ item: 'a: x [guard]', reason: 'proven unreachable with these events' }]);
    expect(generatePaths(given, { events: [{ type: 'x', y: 1 }, { type: 'x', y: 2 }] as never }).uncovered).toEqual([]);
  });

  it('reach all of a machine of 60 transitions whose states are too many to be walked one by one', () => {
    const machine = createLargeMachine();
    expect(listMachineItems(machine).filter(item => !item.includes('refused'))).toHaveLength(60);
    expect(generatePaths(machine).uncovered).toEqual([]);
  });
});

describe('a durable actor', () => {
  it.each([[match, {}], [patient, {}], [parent, {}], [checkoutMachine, orders]] as unknown as [AnyStateMachine, object][])('goes every way of its machine, time and promises as the path says (%#)', async (machine, options) => {
    for (const path of generatePaths(machine, options).paths) expect(await runMachinePath(machine, path)).toMatchObject({ divergences: [] });
  });

  it.each([[parent, {}], [checkoutMachine, orders]] as unknown as [AnyStateMachine, object][])('comes to the same with the process ending at every commit (%#)', async (machine, options) => {
    const [path] = generatePaths(machine, options).paths;
    const { divergences, crashes, commits } = await crashMachinePath(machine, path as never);
    expect([divergences, crashes]).toEqual([[], commits * 3]);
  });

  it('that goes another way than its machine is found', async () => {
    const [path] = generatePaths(match).paths;
    const other = createMachine({ ...match.config, states: { ...match.config.states, play: { on: (match.config.states as { play: { on: object } }).play.on } } } as never, match.implementations as never);
    expect((await runMachinePath(other as never, path as never)).divergences).toMatchObject([{ at: 'event 3, UP', found: { value: 'play' } }]);
  });

  it('is registered as a test for each path, with outcomes, invariants and a reference', async () => {
    const tests = new Map<string, () => Promise<void>>();
    const register = (name: string, test: () => Promise<void>): unknown => tests.set(name, test);
    testPaths(checkoutMachine, {
      durable: true, test: register, input: orders.input, outcomes: orders.services,
      invariants: { 'no receipt without payment': ({ context, value }) => context.receipt === null || value !== 'cart' },
      reference: { initial: () => 0, next: (paid, { cause, event }) => (cause === 'done' && (event.type as string) === 'xstate.done.actor.payment' ? paid + 1 : paid), agrees: (paid, { context }) => (context.receipt !== null) === paid > 0 },
    });
    expect(tests.size).toBe(3);
    for (const test of tests.values()) await test();
    tests.clear();
    testPaths(match, { durable: true, mode: 'model', test: register, invariants: { 'nobody wins': ({ value }) => value !== 'won' } });
    await expect(tests.get('UP → UP → UP (won)')?.()).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  it('is refused where a promise has no name, since no path could decide about it', async () => {
    const inline = createMachine({ id: 'inline', initial: 'a', states: { a: { invoke: { src: fromPromise(async () => 1), onDone: 'b' } }, b: {} } });
    const [path] = generatePaths(inline).paths;
    await expect(runMachinePath(inline as never, path as never)).rejects.toMatchObject({ code: 'service_unnamed' });
  });

  it('is walked at random, and what fails is cut to the fewest events', async () => {
    await propertyTest(parent, { runs: 8, seed: 1 });
    const failing = propertyTest(match, { runs: 100, seed: 1, mode: 'model', invariants: { 'nobody wins': ({ value }) => value !== 'won' } });
    await expect(failing).rejects.toMatchObject({ code: 'property_failed', details: { events: [{ event: { type: 'UP' } }, { event: { type: 'UP' } }, { event: { type: 'UP' } }] } });
  });
});

describe('the machines of the examples', () => {
  it.each(exampleMachines)('cannot be changed without a path failing (%#)', (machine, options) => {
    const { paths, uncovered } = generatePaths(machine, options);
    expect(uncovered).toEqual([]);
    expect(mutateMachine(machine, keepMachinePaths(addTellingPaths(machine, paths, options)), options).survivors).toEqual([]);
  });
});

describe('paths of a machine that were kept', () => {
  const keep = (machine: AnyStateMachine, options: object = {}): ReturnType<typeof keepMachinePaths> => JSON.parse(JSON.stringify(keepMachinePaths(generatePaths(machine, options).paths))) as never;

  it.each([[match, {}], [patient, {}], [parent, {}], [checkoutMachine, orders]] as unknown as [AnyStateMachine, object][])('are followed as they are, and notice every change (%#)', async (machine, options) => {
    const paths = keep(machine, options);
    for (const path of paths) await followKeptMachinePath(machine, path, { mode: 'model' });
    const { mutants, survivors } = mutateMachine(machine, paths);
    // The longer of two delays never ends: no path can tell whether it is there.
    const never = { reason: 'whatever happens, the machine shows the same', telling: false };
    expect(survivors).toEqual(machine.id === 'patient' ? [{ name: 'idle: after.5000 #1 removed', ...never }, { name: 'idle: after 5000 changed', ...never }] : []);
    expect(mutants).toBeGreaterThan(1);
  });

  it('hold when and by which actions a state was reached on them, not on those that came there before', async () => {
    const rooms = setup({ actions: { greet: () => {} }, actors: { clean: fromPromise(async () => 1) }, delays: { closing: 100 } }).createMachine({
      id: 'rooms', initial: 'hall',
      states: { hall: { entry: 'greet', on: { in: 'room', look: {} }, after: { closing: 'end' } }, room: { invoke: { src: 'clean', onDone: 'hall', onError: 'end' } }, end: { type: 'final' } },
    });
    const paths = keep(rooms as never, { events: [{ type: 'in' }, { type: 'look' }] });
    for (const path of paths) await followKeptMachinePath(rooms as never, path, { mode: 'model' });
    expect(paths.flatMap(({ steps }) => steps).filter(({ shows }) => (shows as { value: unknown }).value === 'hall').map(({ acts }) => acts)).toEqual(expect.arrayContaining([['greet'], []]));
    expect(paths.map(({ name }) => name).join()).toMatch(/time passes \(closing\).*clean fails|clean fails.*time passes \(closing\)/);
  });

  it('fail when the machine shows something else, and name what', async () => {
    const [path] = keep(match);
    const slower = match.provide({ guards: { leads: ({ context }) => context.lead >= 4 } });
    await expect(followKeptMachinePath(slower as never, path as never)).rejects.toMatchObject({ code: 'path_diverged', message: expect.stringContaining('event 3, UP') });
    expect(() => proveMachineMutants(match as never, [path as never])).toThrow(expect.objectContaining({ code: 'mutants_survived', message: expect.stringContaining('play: on.DOWN #1 removed') }));
  });

  it('are tests, one more of which changes the machine', async () => {
    const tests = new Map<string, () => Promise<void>>();
    testKeptMachinePaths({ match, other: 1 }, 'match', { test: (name, test) => tests.set(name, test), paths: keep(match) });
    expect([...tests.keys()]).toEqual(['UP → UP → UP (won)', 'DOWN → DOWN → DOWN (lost)', 'no change of the machine goes unnoticed']);
    for (const test of tests.values()) await test();
    expect(() => testKeptMachinePaths({ match }, 'mach', { test: () => {}, paths: [] })).toThrow(expect.objectContaining({ code: 'machine_unknown' }));
  });
});
