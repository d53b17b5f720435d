import type { Durability, Trial } from '../harness/trial.ts';
import { listDurabilities } from './flows.ts';

export type MachineSize = 'small' | 'medium' | 'large' | 'tree';

export interface ActorsParameters {
  readonly machine: MachineSize;
  /** Machines that are sent to at the same time, each one event after the other. */
  readonly atOnce: number;
  /** To each machine. */
  readonly events: number;
  readonly durability: Durability;
}

const sizes: readonly MachineSize[] = ['small', 'medium', 'large', 'tree'];
const total = { quick: 256, normal: 16_384, full: 65_536 };

/** What it costs that an ordinary XState machine is durable. */
export const actors: Trial<ActorsParameters> = {
  name: 'actors',
  side: 'actors',
  title: 'Events of machines of your own',
  about:
    'XState machines that know nothing of Flowstone take events, each answered after its commit. `small`: two states; `medium`: a cart with guards and delayed ' +
    'events; `large`: four parallel regions and 6 KB of context; `tree`: a parent of twenty machines. The floor is the same machine live with `createActor`, plus the same rows, ' +
    'recorded from Flowstone, written by bare better-sqlite3 in the same transactions.',
  measures: [
    { key: 'eventUs', label: 'µs/event', better: 'lower' },
    { key: 'cpuUs', label: 'CPU µs/event', better: 'lower' },
  ],
  cases: size =>
    sizes.flatMap(machine =>
      [1, 64].flatMap(atOnce =>
        listDurabilities(size, 'own').map(durability => ({
          label: `${machine}, ${atOnce} at once, ${durability}`,
          parameters: { machine, atOnce, events: Math.ceil(total[size] / atOnce), durability },
        })),
      ),
    ),
};
