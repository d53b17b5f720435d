import type { AnyStateMachine } from 'xstate';
import { keepMachinePaths } from './kept-machine.ts';
import type { MachinePathOptions } from './machine-paths.ts';
import { generatePaths, nameApart } from './machine-paths.ts';
import type { MachineMutationReport } from './mutate-machine.ts';
import { addTellingPaths, mutateMachine } from './mutate-machine.ts';
import type { Uncovered } from './path-set.ts';
import type { MachineRun } from './run-machine-path.ts';
import { crashMachinePath, runMachinePath } from './run-machine-path.ts';

/** A machine of XState, whatever its types. */
export type AnyMachine = AnyStateMachine;

export interface TestMachineOptions extends MachinePathOptions<AnyStateMachine> {
  /** Runs every path again with a crash at every commit. Default false. */
  readonly crash?: boolean;
  /** Changes the machine in every small way: each change has to make a path fail. Default false. */
  readonly mutate?: boolean;
}

/** What came of running every path of a machine. */
export interface MachineTestReport {
  readonly machineId: string;
  readonly passed: boolean;
  readonly transitions: { readonly covered: number; readonly total: number };
  readonly uncovered: readonly Uncovered[];
  readonly truncated: boolean;
  /** `failure`: where it went another way; null: nowhere. */
  readonly paths: readonly { readonly name: string; readonly failure: string | null }[];
  readonly commits: number;
  readonly crashes: number;
  readonly mutation?: MachineMutationReport;
}

/** Runs every way a machine can go as a durable actor, on a simulated clock and a store in memory. */
export async function testMachine(machine: AnyStateMachine, { crash = false, mutate = false, ...generation }: TestMachineOptions = {}): Promise<MachineTestReport> {
  const generated = generatePaths(machine, generation);
  const set = mutate ? { ...generated, paths: addTellingPaths(machine, generated.paths, generation) } : generated;
  const paths: { name: string; failure: string | null }[] = [];
  let commits = 0;
  let crashes = 0;
  for (const path of nameApart(set.paths)) {
    let failure: string | null = null;
    try {
      const run: MachineRun = await (crash ? crashMachinePath(machine, path) : runMachinePath(machine, path));
      commits += run.commits;
      crashes += run.crashes;
      const [first] = run.divergences;
      if (first) failure = `${first.at}: expected ${JSON.stringify(first.expected)}, got ${JSON.stringify(first.found)}`;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    paths.push({ name: path.name, failure });
  }
  const mutation = mutate ? mutateMachine(machine, keepMachinePaths(set.paths), generation) : undefined;
  return {
    machineId: machine.id,
    passed: paths.every(({ failure }) => failure === null) && !(mutation?.survivors ?? []).some(({ telling }) => telling),
    transitions: { covered: set.covered.length, total: set.covered.length + set.uncovered.length },
    uncovered: set.uncovered,
    truncated: set.truncated,
    paths, commits, crashes,
    ...(mutation && { mutation }),
  };
}
