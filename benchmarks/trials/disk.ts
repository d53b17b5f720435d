import type { Trial } from '../harness/trial.ts';

export interface DiskParameters {
  readonly steps: number;
  /** Bytes of text that each step returns. */
  readonly outputBytes: number;
}

/** What a run leaves on the disk. */
export const disk: Trial<DiskParameters> = {
  name: 'disk',
  side: 'disk',
  title: 'Growth of the file',
  about: 'What one more flow adds to a database that already holds one, after a checkpoint, beside the data its steps returned.',
  measures: [
    { key: 'growth', label: 'growth ÷ data', better: 'lower' },
    { key: 'grownBytes', label: 'growth, bytes', better: 'lower' },
  ],
  cases: () => [{ label: '200 steps, 40 KB of outputs', parameters: { steps: 200, outputBytes: 200 } }],
};
