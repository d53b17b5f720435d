import type { Trial } from '../harness/trial.ts';

export interface WakeUpParameters {
  readonly sleeping: number;
  readonly wakes: number;
}

/** One among very many. */
export const wakeUp: Trial<WakeUpParameters> = {
  name: 'wake-up',
  side: 'wake-up',
  title: 'Wake-up among sleeping flows',
  about:
    'Flows that wait for a signal, one is signalled: from calling `signal` to the handler of its next step. Also how long the runtime takes to open on them, and how ' +
    'late a step runs whose flow slept 20 ms among them. Durability `process`. The sleeping flows are copies of the rows of one.',
  measures: [
    { key: 'wakeP50Us', label: 'wake p50, µs', better: 'lower' },
    { key: 'wakeP99Us', label: 'wake p99, µs', better: 'lower' },
    { key: 'timerLateMs', label: 'timer late p50, ms', better: 'lower' },
    { key: 'openMs', label: 'open, ms', better: 'lower' },
  ],
  cases: size => {
    const sleeping = { quick: 1_000, normal: 100_000, full: 1_000_000 }[size];
    return [{ label: `1 of ${sleeping}`, parameters: { sleeping, wakes: size === 'quick' ? 20 : 500 } }];
  },
};
