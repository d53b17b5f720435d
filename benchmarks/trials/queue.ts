import type { Durability, Trial } from '../harness/trial.ts';
import { listDurabilities } from './flows.ts';

export interface QueueParameters {
  readonly messages: number;
  /** Messages published, and claimed, at once; 1: each by itself. */
  readonly batch: number;
  /** Processes that handle: 1 is the publisher itself. */
  readonly processes: number;
  readonly durability: Durability;
}

const shapes = [
  { batch: 1, processes: 1 },
  { batch: 100, processes: 1 },
  { batch: 1, processes: 4 },
  { batch: 100, processes: 4 },
] as const;

/** How fast messages go in and out. */
export const queue: Trial<QueueParameters> = {
  name: 'queue',
  side: 'queue',
  title: 'Publish and handle messages',
  about: 'Messages of some 100 bytes are published, one after the other or 100 at once, each publish awaited; then handled by an empty handler, in the publisher\'s process or in four others, until the last acknowledgement is stored. History is on, where there is one.',
  measures: [
    { key: 'handledPerSecond', label: 'handled/s', better: 'higher' },
    { key: 'publishedPerSecond', label: 'published/s', better: 'higher' },
    { key: 'bytesPerMessage', label: 'bytes/message on disk', better: 'lower' },
  ],
  cases: size =>
    listDurabilities(size, 'own').flatMap(durability =>
      shapes.map(({ batch, processes }) => ({
        label: `${processes === 1 ? '1 process' : `${processes} processes`}, ${batch === 1 ? 'single' : `${batch} at once`}, ${durability}`,
        parameters: { messages: size === 'quick' ? 400 : 8_000, batch, processes, durability },
      })),
    ),
};
