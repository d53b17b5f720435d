/*
 * Breaks every machine in every way it can be broken, one at a time: each guard negated or forgotten, each transition
 * removed, each action left out. `npm run mutate`: a kept path must fail for each. `--flows` also runs the flows' paths
 * on them, to see how much those would notice on their own.
 */
import { parseArgs } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { testFlow } from '../../src/testing/test-flow.ts';
import { openWith } from '../testing/broken-runtimes.ts';
import { swap, waits } from '../testing/flows.ts';
import { findDeviation, readGoldenPaths } from './golden-paths.ts';
import { hosted, machineNames } from './hosted.ts';
import type { MachineName } from './hosted.ts';
import { listMutants } from './mutants.ts';

const { values } = parseArgs({ options: { flows: { type: 'boolean' } } });
let survived = 0;

/** Machines that run flows; the others have paths of their own only. */
const inFlows = ['flow', 'step', 'fanOut'] as const;
type InFlows = (typeof inFlows)[number];
const isInFlows = (name: MachineName): name is InFlows => inFlows.some(one => one === name);

async function isFoundByFlows(name: InFlows, machine: AnyStateMachine): Promise<boolean> {
  for (const flow of [swap, waits]) if (!(await testFlow(flow, { open: openWith(name, machine) })).passed) return true;
  return false;
}

for (const name of machineNames) {
  const paths = readGoldenPaths(name);
  const mutants = listMutants(hosted[name].machine);
  const survivors = mutants.filter(({ machine }) => findDeviation(machine, paths) === undefined);
  survived += survivors.length;
  console.log(`${name}: ${mutants.length - survivors.length} of ${mutants.length} mutants fail a kept path`);
  for (const mutant of survivors) console.log(`  survived: ${mutant.name}`);
  if (!values.flows || !isInFlows(name)) continue;
  let found = 0;
  for (const { name: what, machine } of mutants) {
    if (await isFoundByFlows(name, machine)) found++;
    else console.log(`  not seen by the paths of two flows: ${what}`);
  }
  console.log(`  ${found} of ${mutants.length} are also found by the paths of two flows`);
}
process.exit(survived === 0 ? 0 : 1);
