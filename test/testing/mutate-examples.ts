/*
 * Changes every example flow and machine in every small way, one at a time: a kept path must fail for each change that a path could
 * tell. Part of `npm run mutate`.
 */
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { mutateFlow } from '../../src/testing/mutate-flow.ts';
import { keepMachinePaths } from '../../src/testing/kept-machine.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import { addTellingPaths, mutateMachine } from '../../src/testing/mutate-machine.ts';
import { exampleMachines } from './example-machines.ts';
import { makeOwnPaths } from '../../src/testing/own-paths.ts';
import { builtInTools } from '../../src/tools/built-in.ts';
import { projectTools } from '../../src/tools/project-tools.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const files = positionals.length > 0 ? positionals : globSync('docs/examples/*.yml').toSorted();
let unnoticed = 0;
for (const file of files) {
  const flow = await loadFlow(file);
  const began = process.cpuUsage();
  const { paths, needsValues } = await makeOwnPaths(flow, { tools: [...builtInTools, ...projectTools] });
  const { mutants, killed, survivors } = await mutateFlow(flow, paths);
  const { user, system } = process.cpuUsage(began);
  console.log(`${flow.id}: ${killed} of ${mutants} changes make one of ${paths.length} paths fail (${((user + system) / 1e6).toFixed(1)} s CPU)`);
  for (const item of needsValues) console.log(`  needs values: ${item}`);
  for (const { name, reason, telling } of survivors) console.log(`  ${telling ? 'UNNOTICED: ' : reason.startsWith('needs values') ? '' : 'changes nothing: '}${name} (${reason})`);
  unnoticed += needsValues.length + survivors.filter(survivor => survivor.telling).length;
}
for (const [machine, options] of positionals.length > 0 ? [] : exampleMachines) {
  const { mutants, survivors } = mutateMachine(machine, keepMachinePaths(addTellingPaths(machine, generatePaths(machine, options).paths, options)), options);
  console.log(`machine ${machine.id}: ${mutants - survivors.length} of ${mutants} changes make a path fail`);
  for (const { name, reason, telling } of survivors) console.log(`  ${telling ? 'UNNOTICED' : 'changes nothing'}: ${name} (${reason})`);
  unnoticed += survivors.filter(survivor => survivor.telling).length;
}
console.log(`${unnoticed} changes that a path could tell go unnoticed`);
process.exit(unnoticed === 0 ? 0 : 1);
