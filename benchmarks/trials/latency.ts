import type { Durability, Trial } from '../harness/trial.ts';
import { listDurabilities } from './flows.ts';

export interface LatencyParameters {
  readonly starts: number;
  readonly durability: Durability;
}

/** How long nothing happens after `start`. */
export const latency: Trial<LatencyParameters> = {
  name: 'latency',
  side: 'latency',
  title: 'Start to first step',
  about: 'One flow of one step after the other on a quiet runtime: from calling `start` to the handler being called (the start is on disk by then), and to the flow having settled.',
  measures: [
    { key: 'firstStepP50Us', label: 'first step p50, µs', better: 'lower' },
    { key: 'firstStepP99Us', label: 'first step p99, µs', better: 'lower' },
    { key: 'settledP50Us', label: 'settled p50, µs', better: 'lower' },
  ],
  cases: size =>
    listDurabilities(size, 'own').map(durability => ({
      label: durability,
      parameters: { starts: size === 'quick' ? 50 : 2_000, durability },
    })),
};
