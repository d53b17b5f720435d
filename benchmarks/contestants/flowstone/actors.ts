import { join } from 'node:path';
import type { Records } from 'flowstone';
import { createRuntime } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { measureEach } from '../../harness/measure-each.ts';
import type { Run } from '../../harness/trial.ts';
import type { ActorsParameters } from '../../trials/actors.ts';
import { actorMachines } from './actor-machines.ts';

/** Spawns the machines; each call of what it gives sends so many events to each of them, one after the other. */
export async function spawnActors(store: Records, { machine: size, atOnce }: Pick<ActorsParameters, 'machine' | 'atOnce'>) {
  const machine = actorMachines[size];
  const runtime = await createRuntime({ store, machines: [machine], listen: false });
  const actors = await Promise.all(Array.from({ length: atOnce }, (_, index) => runtime.spawn(machine, { id: `a${index}` })));
  return {
    async send(events: number): Promise<void> {
      for (let round = 0; round < events; round++) await Promise.all(actors.map(actor => actor.send({ type: 'go' })));
    },
    stop: () => runtime.stop(),
  };
}

const run: Run<ActorsParameters> = async ({ events, durability, ...parameters }, { directory }) => {
  const actors = await spawnActors(openSqliteStore({ file: join(directory, 'app.db'), ...(durability === 'default' ? {} : { durability }) }), parameters);
  await actors.send(events);
  const measured = await measureEach(events * parameters.atOnce, () => actors.send(events));
  await actors.stop();
  return measured;
};

export default run;
