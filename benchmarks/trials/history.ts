import type { Trial } from '../harness/trial.ts';

export interface HistoryParameters {
  readonly steps: number;
  readonly reads: number;
}

/** Reading what happened. */
export const history: Trial<HistoryParameters> = {
  name: 'history',
  side: 'history',
  title: 'Reading the history',
  about: 'One settled flow of many steps: all its transitions through `transitions()`, and all its steps with their outputs through `get()`.',
  measures: [
    { key: 'transitionsPerSecond', label: 'transitions/s', better: 'higher' },
    { key: 'readMs', label: 'all transitions, ms', better: 'lower' },
    { key: 'getMs', label: 'get(), ms', better: 'lower' },
  ],
  cases: size => {
    const steps = size === 'quick' ? 100 : 5_000;
    return [{ label: `${steps} steps`, parameters: { steps, reads: size === 'quick' ? 2 : 10 } }];
  },
};
