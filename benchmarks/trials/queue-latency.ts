import type { Durability, Trial } from '../harness/trial.ts';
import { listDurabilities } from './flows.ts';

export interface QueueLatencyParameters {
  readonly messages: number;
  readonly perSecond: number;
  readonly durability: Durability;
}

/** How long a message is on its way when little is going on. */
export const queueLatency: Trial<QueueLatencyParameters> = {
  name: 'queue-latency',
  side: 'queue-latency',
  title: 'Publish to handler',
  about: 'One message every 10 ms on a quiet queue: from calling publish to the handler being called, in one process. Peers that poll do so every millisecond.',
  measures: [
    { key: 'p50Us', label: 'p50, µs', better: 'lower' },
    { key: 'p99Us', label: 'p99, µs', better: 'lower' },
  ],
  cases: size => listDurabilities(size, 'own').map(durability => ({ label: `100 messages/s, ${durability}`, parameters: { messages: size === 'quick' ? 30 : 1_000, perSecond: 100, durability } })),
};
