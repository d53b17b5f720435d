import { readFileSync } from 'node:fs';
import type { AnyStateMachine, EventObject } from 'xstate';
import type { MachineRunner } from '../../src/core/machine-runner.ts';
import { compileMachine } from '../../src/core/machine-runner.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import type { Hosted, MachineName } from './hosted.ts';

/** A step of a kept path: the event, the state and the fields of the context it must lead to, the effects it must ask for. */
export interface GoldenStep {
  readonly event: EventObject;
  readonly value: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly effects: readonly string[];
}

export interface GoldenPath {
  readonly name: string;
  readonly input: object;
  readonly initial: { readonly value: string; readonly context: object };
  readonly steps: readonly GoldenStep[];
}

type AnyRunner = MachineRunner<object, EventObject, object>;

export const compile = (machine: AnyStateMachine): AnyRunner => compileMachine(machine as never) as unknown as AnyRunner;

/** Makes the coverage paths of a machine, and what each of their steps leads to. */
export function makeGoldenPaths({ machine, inputs, events }: Hosted): { readonly paths: GoldenPath[]; readonly uncovered: readonly string[] } {
  const runner = compile(machine);
  const paths: GoldenPath[] = [];
  let uncovered: readonly string[] | undefined;
  for (const input of inputs) {
    const set = generatePaths(machine, { input: input as never, events: events as never, maxStates: 300 });
    uncovered = set.uncovered.map(({ item }) => item).filter(item => uncovered?.includes(item) ?? true);
    // Ends reached in several ways, so that what an action clears was set before.
    const ends = generatePaths(machine, { strategy: 'shortest', input: input as never, events: events as never, maxStates: 60, maxPaths: 25 });
    for (const { name, steps } of [...set.paths, ...ends.paths]) paths.push({ name, input, ...run(runner, input, steps.map(({ event }) => event as EventObject)) });
  }
  return { paths, uncovered: uncovered ?? [] };
}

/** Sends events through a machine and notes what comes of it. */
function run(runner: AnyRunner, input: object, events: readonly EventObject[]): Pick<GoldenPath, 'initial' | 'steps'> {
  let snapshot = runner.initial(input);
  const initial = { value: snapshot.value, context: snapshot.context };
  const steps = events.map(event => {
    const effects: string[] = [];
    const before = snapshot.context as Record<string, unknown>;
    snapshot = runner.transition(snapshot, event, effects);
    const changed = Object.entries(snapshot.context).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]));
    return { event, value: snapshot.value, context: Object.fromEntries(changed), effects };
  });
  return { initial, steps };
}

export function readGoldenPaths(name: MachineName): GoldenPath[] {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as GoldenPath[];
}

/** Walks the kept paths with a machine; the first place where it goes another way, undefined when there is none. */
export function findDeviation(machine: AnyStateMachine, paths: readonly GoldenPath[]): string | undefined {
  const runner = compile(machine);
  for (const { name, input, initial, steps } of paths) {
    const found = attempt(() => run(runner, input, steps.map(({ event }) => event)));
    if (typeof found === 'string') return `${name}: threw ${found}`;
    if (JSON.stringify(found.initial) !== JSON.stringify(initial)) return `${name}: begins differently`;
    const index = steps.findIndex((step, at) => JSON.stringify(step) !== JSON.stringify(found.steps[at]));
    if (index >= 0) return `${name}: step ${index + 1}, ${steps[index]?.event.type}`;
  }
  return undefined;
}

function attempt<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
