import { FlowError } from '../core/errors.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { AnyStateMachine } from 'xstate';
import { createFlowModel } from './flow-model.ts';
import type { ServiceOutcomes } from './machine-model.ts';
import { MachineModel } from './machine-model.ts';
import type { MachinePath, MachinePathOptions } from './machine-paths.ts';
import { walkMachineByChoices } from './machine-paths.ts';
import { walkByChoices } from './random-path.ts';
import { scriptFlow } from './script-flow.ts';
import type { FlowTestOptions } from './test-paths.ts';
import { follow } from './test-paths.ts';
import type { MachineClaims } from './test-durable.ts';
import { followMachinePath } from './test-durable.ts';

export interface PropertyTestOptions extends Pick<FlowTestOptions, 'invariants' | 'mode' | 'open'> {
  /** Random walks. Default 100. */
  readonly runs?: number;
  /** Repeats a run. Default: a new one each time. */
  readonly seed?: number;
}

export interface MachinePropertyOptions<Machine extends AnyStateMachine, Reference = unknown> extends MachineClaims<Machine, Reference>, Pick<MachinePathOptions<Machine>, 'events' | 'input'> {
  /** Random walks. Default 100. */
  readonly runs?: number;
  /** Repeats a run. Default: a new one each time. */
  readonly seed?: number;
  /** What its promises come to, by their names. */
  readonly outcomes?: { readonly [service: string]: ServiceOutcomes };
}

/**
 * Walks a flow or a machine at random and shrinks what fails to the fewest events.
 *
 * Needs the package fast-check. Checks everything `testPaths` does, and the invariants, after every event.
 *
 * @throws a `FlowError` with code `property_failed`: the seed, and the shortest path that fails; `package_missing` without
 * fast-check
 */
export function propertyTest(definition: FlowDefinition, options?: PropertyTestOptions): Promise<void>;
export function propertyTest<Machine extends AnyStateMachine, Reference>(machine: Machine, options?: MachinePropertyOptions<Machine, Reference>): Promise<void>;
export async function propertyTest(subject: FlowDefinition | AnyStateMachine, options: PropertyTestOptions | MachinePropertyOptions<AnyStateMachine> = {}): Promise<void> {
  const { runs = 100, seed } = options;
  const { default: fc } = await import('fast-check').catch(error => {
    throw new FlowError('package_missing', 'Expected the package fast-check, which `propertyTest` needs, found none. Install it: npm install --save-dev fast-check', { cause: error });
  });
  const walker = 'implementations' in subject ? createMachineWalker(subject, options as MachinePropertyOptions<AnyStateMachine>) : createFlowWalker(subject, options as PropertyTestOptions);
  const choices = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(11)), { maxLength: walker.maxLength });
  const result = await fc.check(fc.asyncProperty(choices, picked => walker.follow(picked)), { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (!result.failed) return;
  const path = walker.describe(result.counterexample?.[0] ?? []);
  const reason = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
  throw new FlowError('property_failed', `With seed ${result.seed}, after ${result.numRuns} walks, the shortest that fails: ${path.name}\n${path.events.map(event => JSON.stringify(event)).join('\n')}\n${reason}`, {
    details: { seed: result.seed, events: path.events },
    cause: result.errorInstance,
  });
}

/** Makes paths of choices, and follows them. */
interface Walker {
  readonly maxLength: number;
  readonly follow: (choices: readonly number[]) => Promise<void>;
  readonly describe: (choices: readonly number[]) => { readonly name: string; readonly events: readonly unknown[] };
}

function createFlowWalker(definition: FlowDefinition, { runs: _runs, seed: _seed, ...following }: PropertyTestOptions): Walker {
  const model = createFlowModel(scriptFlow(definition));
  return {
    maxLength: 6 * definition.steps.length + 10,
    follow: choices => follow(model, walkByChoices(model, choices), { ...following, outputOf: undefined }),
    describe: choices => walkByChoices(model, choices),
  };
}

function createMachineWalker(machine: AnyStateMachine, { runs: _runs, seed: _seed, outcomes, events, input, ...claims }: MachinePropertyOptions<AnyStateMachine>): Walker {
  const model = new MachineModel(machine, { outcomes, events: typeof events === 'function' ? (events as never) : events && (() => events as never) });
  const walk = (choices: readonly number[]): MachinePath => walkMachineByChoices(model, input, choices);
  return {
    maxLength: 40,
    follow: choices => followMachinePath(machine, walk(choices), claims),
    describe: choices => {
      const { name, steps } = walk(choices);
      return { name, events: steps.map(({ cause, actor, event }) => ({ cause, ...(actor !== '' && { actor }), event: event as unknown })) };
    },
  };
}
