import { describe, expect, it } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import { propertyTest } from '../../src/testing/property-test.ts';
import type { Register } from '../../src/testing/register.ts';
import type { KeptPath } from '../../src/testing/test-paths.ts';
import { followPath, testPaths } from '../../src/testing/test-paths.ts';
import { brokenRuntimes } from './broken-runtimes.ts';
import { swap } from './flows.ts';

/** Collects tests instead of registering them. */
function createRegister(): { readonly register: Register; readonly tests: Map<string, () => Promise<void>>; readonly runAll: () => Promise<string[]> } {
  const tests = new Map<string, () => Promise<void>>();
  const runAll = async (): Promise<string[]> => {
    const failed: string[] = [];
    for (const [name, test] of tests) await test().catch(() => failed.push(name));
    return failed;
  };
  return { register: (name, test) => tests.set(name, test), tests, runAll };
}

const door = setup({ types: { events: {} as { type: 'open' } | { type: 'close' } | { type: 'lock' } } }).createMachine({
  initial: 'closed',
  states: { closed: { on: { open: 'open', lock: 'locked' } }, open: { on: { close: 'closed' } }, locked: { on: { open: 'closed' } } },
});

class Door {
  state = 'closed';
  readonly #next: Readonly<Record<string, Readonly<Record<string, string>>>>;

  constructor(next: Readonly<Record<string, Readonly<Record<string, string>>>>) {
    this.#next = next;
  }

  send(event: string): void {
    this.state = this.#next[this.state]?.[event] ?? this.state;
  }
}

const right = { closed: { open: 'open', lock: 'locked' }, open: { close: 'closed' }, locked: { open: 'closed' } };
const send = (type: string) => (subject: Door): void => subject.send(type);
const outcomes = { open: send('open'), close: send('close'), lock: send('lock') };
const check = (subject: Door, snapshot: { readonly value: unknown }): void => expect(subject.state).toBe(snapshot.value);

describe('testing any machine', () => {
  it('makes a test per path that covers every transition', async () => {
    const { register, tests, runAll } = createRegister();
    testPaths(door, { test: register, create: () => new Door(right), outcomes, check });
    expect(tests.size).toBeGreaterThan(0);
    expect(await runAll()).toEqual([]);
    expect(generatePaths(door).uncovered).toEqual([]);
  });

  it('fails where the thing goes another way', async () => {
    const { register, runAll } = createRegister();
    testPaths(door, { test: register, create: () => new Door({ ...right, locked: { open: 'open' } }), outcomes, check });
    expect((await runAll()).length).toBeGreaterThan(0);
  });

  it('refuses to pass without an outcome or a check', () => {
    const { register } = createRegister();
    expect(() => testPaths(door, { test: register, create: () => new Door(right), outcomes: { open: send('open') }, check })).toThrow(expect.objectContaining({ code: 'outcome_missing' }));
    expect(() => testPaths(door, { test: register, create: () => new Door(right), outcomes, check: undefined as never })).toThrow(expect.objectContaining({ code: 'assertion_missing' }));
  });

  it('counts delays that end and services that answer among the events', () => {
    const patient = setup({ actors: { load: fromPromise(async () => 1) } }).createMachine({
      initial: 'idle',
      states: {
        idle: { on: { go: 'loading' }, after: { 1_000: 'bored' } },
        loading: { invoke: { src: 'load', id: 'load', onDone: 'loaded', onError: 'idle' } },
        bored: {},
        loaded: {},
      },
    });
    const { covered, uncovered } = generatePaths(patient);
    expect(uncovered).toEqual([]);
    expect(covered).toContain('loading: xstate.error.actor.load');
  });

  it('bounds machines whose states never end, and says what that leaves out', () => {
    const counter = setup({ types: { context: {} as { count: number } } }).createMachine({
      context: { count: 0 },
      initial: 'low',
      states: {
        low: { on: { up: [{ guard: ({ context }) => context.count > 50, target: 'high' }, { actions: assign({ count: ({ context }) => context.count + 1 }) }] } },
        high: {},
      },
    });
    const set = generatePaths(counter, { maxStates: 10 });
    expect(set).toMatchObject({ uncovered: [{ item: 'low: up [guard]', reason: 'not found within 10 states: events with a payload have to be given' }], truncated: true });
    expect(generatePaths(counter)).toMatchObject({ uncovered: [], truncated: false });
  });
});

describe('testing a flow', () => {
  it('refuses to pass without an outcome for something the flow uses', () => {
    const { register } = createRegister();
    expect(() => testPaths(swap, { test: register, outcomes: { 'tool:balance': () => 1 } })).toThrow(/Expected `outcomes` to have a function for "tool:quote"/);
  });

  it('hands on the outcomes it was given, and fails where an invariant does not hold', async () => {
    const given = createRegister();
    const output = (place: string): unknown => ({ place });
    testPaths(swap, { test: given.register, outcomes: { 'tool:balance': output, 'tool:quote': output, 'tool:swap': output, 'tool:mail': output } });
    expect(await given.runAll()).toEqual([]);
    const wrong = createRegister();
    testPaths(swap, { test: wrong.register, outcomes: 'generated', invariants: { 'quote never fails': ({ steps }) => !steps.some(step => step.stepId === 'quote' && step.status === 'failed') } });
    expect(await wrong.runAll()).toContain('quote fails; scored 0.75');
  });

  it('follows a path that was kept, until the flow goes another way', async () => {
    const kept: KeptPath = {
      name: 'a fails',
      events: [{ type: 'fail', step: 'a', retryable: true }],
      end: { status: 'scored', score: 0, steps: { a: 'failed', b: 'skipped' } },
    };
    const steps = [{ id: 'a', uses: 'tool:a' }, { id: 'b', uses: 'tool:b', depends_on: ['a'] }];
    await followPath(defineFlow({ id: 'kept', steps }), kept, { mode: 'crash' });
    const optional = defineFlow({ id: 'kept', steps: steps.map(step => ({ ...step, critical: false })) });
    await expect(followPath(optional, kept)).rejects.toMatchObject({ code: 'path_diverged' });
    const renamed = defineFlow({ id: 'kept', steps: [{ id: 'z', uses: 'tool:a' }] });
    await expect(followPath(renamed, kept)).rejects.toMatchObject({ code: 'path_not_followed' });
  });
});

describe('random walks', () => {
  it('hold', async () => {
    await propertyTest(swap, { runs: 40, seed: 1 });
  });

  it('shrink what fails to the fewest events, and name the seed', async () => {
    const failing = propertyTest(swap, { runs: 200, seed: 1, invariants: { 'swap never fails': ({ steps }) => !steps.some(step => step.stepId === 'swap' && step.status === 'failed') } });
    await expect(failing).rejects.toMatchObject({ code: 'property_failed', details: { seed: 1 } });
    const message = await failing.catch((error: Error) => error.message);
    expect(message).toMatch(/the shortest that fails: swap [^;]*; scored 0\n/);
    await expect(propertyTest(swap, { runs: 200, seed: 1, open: brokenRuntimes['lets a cancel lose'] as never })).rejects.toMatchObject({ code: 'property_failed' });
  });
});
