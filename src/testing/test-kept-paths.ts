import type { FlowDefinition } from '../definition/schema.ts';
import { FlowError } from '../core/errors.ts';
import { isMachine } from '../kinds/actors/xstate-internals.ts';
import { proveMutants } from './mutate-flow.ts';
import type { AnyStateMachine } from 'xstate';
import type { KeptMachinePath } from './kept-machine.ts';
import { followKeptMachinePath } from './kept-machine.ts';
import { proveMachineMutants } from './mutate-machine.ts';
import type { Register } from './register.ts';
import type { MachineClaims } from './test-durable.ts';
import type { FlowTestOptions, KeptPath } from './test-paths.ts';
import { followPath } from './test-paths.ts';

export interface KeptTestOptions extends Partial<Pick<FlowTestOptions, 'mode' | 'invariants' | 'open'>> {
  readonly test: Register;
  readonly paths: readonly KeptPath[];
  /** Whether one more test changes the flow in every small way and asks that a path notices. Default true. */
  readonly mutants?: boolean;
}

/**
 * Registers a test for each path that was kept, and one that no change of the flow goes unnoticed by them.
 *
 * @example `testKeptPaths(flow, { test: it, paths })`, as `flowstone paths flow.yml --emit vitest` writes it
 */
export function testKeptPaths(definition: FlowDefinition, { test, paths, mutants = true, ...options }: KeptTestOptions): void {
  for (const path of paths) test(path.name, () => followPath(definition, path, options));
  const own = paths.filter(path => 'happens' in path);
  if (mutants && own.length > 0) test('no change of the flow goes unnoticed', async () => void (await proveMutants(definition, own)));
}

export interface KeptMachineTestOptions extends MachineClaims<AnyStateMachine> {
  readonly test: Register;
  readonly paths: readonly KeptMachinePath[];
  /** Whether one more test changes the machine in every small way and asks that a path notices. Default true. */
  readonly mutants?: boolean;
  /** Changes that are known to go unnoticed, by name. */
  readonly unnoticed?: readonly string[];
}

/**
 * The same for paths of a machine: each is followed by the machine itself and by a durable actor.
 *
 * @param exports of the module that has the machine
 * @throws a `FlowError` with code `machine_unknown` when the module has no machine of this id
 */
export function testKeptMachinePaths(exports: Readonly<Record<string, unknown>>, machineId: string, { test, paths, mutants = true, unnoticed, ...claims }: KeptMachineTestOptions): void {
  const machine = requireExported(exports, machineId);
  for (const path of paths) test(path.name, () => followKeptMachinePath(machine, path, claims));
  if (mutants && paths.length > 0) test('no change of the machine goes unnoticed', async () => proveMachineMutants(machine, paths, unnoticed));
}

function requireExported(exports: Readonly<Record<string, unknown>>, machineId: string): AnyStateMachine {
  const { machines, ...others } = exports;
  const values = [...Object.values(others), ...Object.values((machines ?? {}) as object)] as unknown[];
  const found = values.map(value => (isMachine(value) ? value : (value as { machine?: unknown } | null | undefined)?.machine)).filter(isMachine);
  const machine = found.find(({ id }) => id === machineId);
  if (machine) return machine;
  throw new FlowError('machine_unknown', `Expected the module to export a machine with the id "${machineId}", found ${found.map(({ id }) => `"${id}"`).join(', ') || 'none'}`);
}
