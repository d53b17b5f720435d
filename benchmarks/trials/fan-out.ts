import type { Durability, Trial } from '../harness/trial.ts';
import { listDurabilities } from './flows.ts';

export interface FanOutParameters {
  readonly items: number;
  /** Items under way at the same time. */
  readonly concurrency: number;
  readonly durability: Durability;
}

/** One step over a list. */
export const fanOut: Trial<FanOutParameters> = {
  name: 'fan-out',
  side: 'fan-out',
  title: 'Fan-out',
  about: 'One `for_each` step over a list of numbers, 100 items under way at a time.',
  measures: [
    { key: 'itemsPerSecond', label: 'items/s', better: 'higher' },
    { key: 'usPerItem', label: 'µs/item', better: 'lower' },
    { key: 'elapsedMs', label: 'whole flow, ms', better: 'lower' },
    { key: 'bytesPerItem', label: 'bytes/item on disk', better: 'lower' },
  ],
  cases: size =>
    listDurabilities(size, 'own').map(durability => {
      const items = size === 'quick' ? 200 : 10_000;
      return { label: `${items} items, ${durability}`, parameters: { items, concurrency: 100, durability } };
    }),
};
