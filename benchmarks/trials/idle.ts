import type { Trial } from '../harness/trial.ts';

export interface IdleParameters {
  readonly sleeping: number;
  readonly seconds: number;
}

/** What it costs to have it open. */
export const idle: Trial<IdleParameters> = {
  name: 'idle',
  side: 'idle',
  title: 'Idle runtime',
  about: 'A process that does nothing but keep a runtime open over flows that all wait for a signal: its memory, and the share of one core it uses. The same process without flows is the one to compare with.',
  measures: [
    { key: 'rssMb', label: 'RSS, MB', better: 'lower' },
    { key: 'cpuPercent', label: 'CPU, %', better: 'lower' },
    { key: 'openMs', label: 'open, ms', better: 'lower' },
  ],
  memory: false,
  cases: size => {
    const sleeping = size === 'quick' ? 1_000 : 100_000;
    const seconds = size === 'quick' ? 1 : 5;
    return [1, sleeping].map(count => ({ label: `${count} sleeping`, parameters: { sleeping: count, seconds } }));
  },
};
