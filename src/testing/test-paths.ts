import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import { FlowError } from '../core/errors.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Divergence } from './compare-state.ts';
import { crashPath } from './crash-path.ts';
import type { FlowModel } from './flow-model.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowPath, FlowPathOptions } from './flow-paths.ts';
import { generateFlowPaths, walkModel } from './flow-paths.ts';
import type { MachinePath, MachinePathOptions } from './machine-paths.ts';
import { generatePaths, nameApart } from './machine-paths.ts';
import type { DurableTestOptions } from './test-durable.ts';
import { testDurable } from './test-durable.ts';
import type { Register } from './register.ts';
import type { Moment, RunPathOptions } from './run-path.ts';
import { createOwnModel, readOutputs } from './own-flow.ts';
import type { OwnPath } from './own-paths.ts';
import { replayOwn } from './own-walk.ts';
import { runOwnPath } from './run-own-path.ts';
import { runPath } from './run-path.ts';
import { isDeepStrictEqual } from 'node:util';
import { scriptFlow } from './script-flow.ts';

/** Holds at every moment at which the runtime has come to rest; false, or an error, is a failure. */
export type Invariant = (moment: Moment) => boolean | void;

export interface FlowTestOptions extends FlowPathOptions, Pick<RunPathOptions, 'open'> {
  readonly test: Register;
  /** What steps give when they complete: by what they use (`tool:balance`), or made up. */
  readonly outcomes: 'generated' | { readonly [uses: string]: (place: string) => unknown };
  readonly invariants?: { readonly [name: string]: Invariant };
  /** The store, or `crash`: a memory store, and again with a crash at every commit. Default `memory`. */
  readonly mode?: 'memory' | 'sqlite' | 'crash';
}

export interface MachineTestOptions<Machine extends AnyStateMachine, Subject> extends MachinePathOptions<Machine> {
  readonly test: Register;
  /** Makes what is tested, anew for every path. */
  readonly create: () => Subject | Promise<Subject>;
  /** Makes an event happen to it, by type. */
  readonly outcomes: { readonly [type: string]: (subject: Subject, event: EventFromLogic<Machine>) => unknown };
  /** Compares it with the state the machine is in; throws when they differ. */
  readonly check: (subject: Subject, snapshot: SnapshotFrom<Machine>) => unknown;
}

/**
 * Registers one test per path of a flow or a machine.
 *
 * A flow's paths drive the real runtime and are compared with the model after every event. A machine's paths drive
 * whatever `create` makes, or with `durable: true` a durable actor on a simulated clock. What is missing fails: an outcome for something the flow uses (`outcome_missing`), a check
 * (`assertion_missing`).
 *
 * @example
 * ```ts
 * import { loadFlow } from 'flowstone';
 * import { testPaths } from 'flowstone/testing';
 * import { it } from 'vitest';
 *
 * testPaths(await loadFlow('swap.yml'), { test: it, outcomes: 'generated', mode: 'crash' });
 * ```
 */
export function testPaths(subject: FlowDefinition, options: FlowTestOptions): void;
export function testPaths<Machine extends AnyStateMachine, Subject>(subject: Machine, options: MachineTestOptions<Machine, Subject>): void;
export function testPaths<Machine extends AnyStateMachine, Reference>(subject: Machine, options: DurableTestOptions<Machine, Reference>): void;
export function testPaths(subject: FlowDefinition | AnyStateMachine, options: FlowTestOptions | MachineTestOptions<AnyStateMachine, unknown> | DurableTestOptions<AnyStateMachine>): void {
  if ('durable' in options) testDurable(subject as AnyStateMachine, options);
  else if ('implementations' in subject) testMachinePaths(subject, options as MachineTestOptions<AnyStateMachine, unknown>);
  else testFlowPaths(subject, options as FlowTestOptions);
}

function testFlowPaths(definition: FlowDefinition, options: FlowTestOptions): void {
  const { test, outcomes, invariants, mode, open, ...generation } = options;
  const model = createFlowModel(scriptFlow(definition));
  const outputOf = toOutputs(definition, outcomes);
  for (const path of generateFlowPaths(definition, generation).paths) {
    test(path.name, () => follow(model, path, { outputOf, invariants, mode, open }));
  }
}

interface FollowOptions extends Partial<Pick<FlowTestOptions, 'invariants' | 'mode' | 'open'>> {
  readonly outputOf: ((place: string) => unknown) | undefined;
}

/** Runs one path and throws what went another way. */
export async function follow(model: FlowModel, path: FlowPath, { outputOf, invariants, mode = 'memory', open }: FollowOptions): Promise<void> {
  const options: RunPathOptions = { store: mode === 'sqlite' ? 'sqlite' : 'memory', check: toCheck(invariants), ...(open && { open }), ...(outputOf && { outputOf }) };
  const { divergences } = await (mode === 'crash' ? crashPath(model, path, options) : runPath(model, path, options));
  if (divergences.length > 0) throw toError(path, divergences);
}

function toCheck(invariants: FlowTestOptions['invariants'] = {}): (moment: Moment) => void {
  return moment => {
    for (const [name, holds] of Object.entries(invariants)) {
      if (holds(moment) === false) throw new FlowError('invariant_broken', `Expected "${name}" to hold, it does not`);
    }
  };
}

function toError(path: Pick<FlowPath, 'name'>, divergences: readonly Divergence[]): FlowError {
  const lines = divergences.slice(0, 10).map(({ at, what, expected, found }) => `  ${at}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(found)}`);
  return new FlowError('path_diverged', [`The runtime went another way than "${path.name}":`, ...lines].join('\n'), { details: { divergences } });
}

/** A path on which expressions come to what it says, and what it must end with. */
export interface KeptScript extends FlowPath {
  readonly end: { readonly status: string; readonly score: number | null; readonly steps: { readonly [stepId: string]: string } };
}

/** A path that was kept in a test file. */
export type KeptPath = OwnPath | KeptScript;

/**
 * Follows a path that was kept, and compares what happens with what was kept with it.
 *
 * @throws a `FlowError` with code `path_diverged` when the runtime or the flow goes another way, `path_not_followed` when
 * the flow has changed so that the path does not exist any more
 */
export async function followPath(definition: FlowDefinition, path: KeptPath, options: Partial<Pick<FlowTestOptions, 'mode' | 'invariants' | 'open'>> = {}): Promise<void> {
  if ('happens' in path) return followOwnPath(definition, path, options);
  const model = createFlowModel(scriptFlow(definition));
  const end = describeEnd(model, path);
  const expected = JSON.stringify(path.end);
  if (JSON.stringify(end) !== expected) throw toError(path, [{ at: 'end', what: 'of the flow as it is now', expected: path.end, found: end }]);
  await follow(model, path, { ...options, outputOf: undefined });
}

async function followOwnPath(definition: FlowDefinition, path: OwnPath, { mode, invariants, open }: Partial<Pick<FlowTestOptions, 'mode' | 'invariants' | 'open'>>): Promise<void> {
  const model = createOwnModel(definition, readOutputs(path.events));
  const walk = await replayOwn(model, path.input, path.events);
  const count = Math.max(walk.happens.length, path.happens.length);
  const differs = Array.from({ length: count }, (_, at) => at).find(at => !isDeepStrictEqual(path.happens[at], walk.happens[at]));
  if (differs !== undefined) {
    const at = differs === 0 ? 'start' : `event ${differs}, ${JSON.stringify(path.events[differs - 1])}`;
    throw toError(path, [{ at, what: 'what the flow does', expected: path.happens[differs] ?? null, found: walk.happens[differs] ?? null }]);
  }
  const { divergences } = await runOwnPath(model, path, { crash: mode === 'crash', store: mode === 'sqlite' ? 'sqlite' : 'memory', ...(open && { open }), check: toCheck(invariants) }, walk);
  if (divergences.length > 0) throw toError(path, divergences);
}

/** @throws a `FlowError` with code `path_not_followed` */
export function describeEnd(model: FlowModel, path: FlowPath): KeptScript['end'] {
  try {
    const { tree, rows } = walkModel(model, path.events).at(-1) ?? model.initial;
    const steps = Object.fromEntries(tree.plan.steps.map(({ id }) => [id, rows.get(id)?.status ?? 'pending']));
    return { status: tree.flow.value, score: tree.flow.context.score, steps };
  } catch (error) {
    throw new FlowError('path_not_followed', `The flow has changed: the path "${path.name}" does not exist any more. Generate its tests again`, { cause: error });
  }
}

/** @throws a `FlowError` with code `outcome_missing` */
function toOutputs(definition: FlowDefinition, outcomes: FlowTestOptions['outcomes']): ((place: string) => unknown) | undefined {
  if (outcomes === 'generated') return undefined;
  const byStep = new Map(
    definition.steps.filter(({ uses }) => !/^(sleep|signal)$|^flow:/.test(uses)).map(({ id, uses }) => {
      const make = outcomes[uses];
      if (typeof make !== 'function') throw new FlowError('outcome_missing', `Expected \`outcomes\` to have a function for "${uses}" of the step "${id}", found none. Write one, or \`outcomes: 'generated'\``);
      return [id, make] as const;
    }),
  );
  return place => byStep.get(place.replace(/\[\d+\]$/, ''))?.(place);
}

function testMachinePaths<Subject>(machine: AnyStateMachine, options: MachineTestOptions<AnyStateMachine, Subject>): void {
  const { test, create, outcomes, check, ...generation } = options;
  if (typeof check !== 'function') throw new FlowError('assertion_missing', 'Expected `check` to be a function that compares with the machine\'s state, got none');
  const { paths } = generatePaths(machine, generation);
  const types = new Set(paths.flatMap(path => path.steps.map(({ event }) => (event as { type: string }).type)));
  for (const type of types) {
    if (typeof outcomes[type] !== 'function') throw new FlowError('outcome_missing', `Expected \`outcomes\` to have a function for the event "${type}", found none`);
  }
  for (const path of nameApart(paths)) test(path.name, () => followMachine(path, create, outcomes, check));
}

async function followMachine<Subject>(path: MachinePath, create: () => Subject | Promise<Subject>, outcomes: MachineTestOptions<AnyStateMachine, Subject>['outcomes'], check: MachineTestOptions<AnyStateMachine, Subject>['check']): Promise<void> {
  const subject = await create();
  await check(subject, path.initial);
  for (const { event, snapshot } of path.steps) {
    await outcomes[(event as { type: string }).type]?.(subject, event);
    await check(subject, snapshot);
  }
}
