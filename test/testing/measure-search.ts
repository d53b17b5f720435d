/*
 * How much of a machine of some 60 transitions the search for paths covers, and in how much time, beside what going through its
 * states one by one, the nearest first, reaches in a minute. Part of `npm run mutate`.
 */
import { parseArgs } from 'node:util';
import { coverMicrosteps, listMachineItems } from '../../src/testing/machine-items.ts';
import type { MachineState } from '../../src/testing/machine-model.ts';
import { MachineModel } from '../../src/testing/machine-model.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import { serializeState } from '../../src/testing/serialize-machine.ts';
import { createLargeMachine } from './large-machine.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const seconds = Number(values.seconds ?? 60);
const machine = createLargeMachine();
const total = listMachineItems(machine).length;
const transitions = listMachineItems(machine).filter(item => !item.includes('refused')).length;
const cpu = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

let began = process.cpuUsage();
const { covered, paths } = generatePaths(machine);
const searched = cpu(began);
console.log(`search: ${covered.length} of ${total} items (${transitions} transitions), ${paths.length} paths, ${searched.toFixed(2)} s CPU (must: under 1 s)`);

began = process.cpuUsage();
const model = new MachineModel(machine);
const start = model.begin(undefined);
const found = new Set(coverMicrosteps(start.microsteps));
const seen = new Set([serializeState(start)]);
const queue: MachineState[] = [start];
for (let at = 0; at < queue.length && cpu(began) < seconds && found.size < total; at++) {
  const state = queue[at] as MachineState;
  for (const offer of model.list(state)) {
    const next = model.take(state, offer);
    for (const item of coverMicrosteps(next.microsteps)) found.add(item);
    const key = serializeState(next);
    if (!seen.has(key)) queue.push(next);
    seen.add(key);
  }
}
console.log(`one by one: ${found.size} of ${total} items, ${seen.size} states, ${cpu(began).toFixed(1)} s CPU`);
process.exit(covered.length >= found.size && searched < 1 ? 0 : 1);
