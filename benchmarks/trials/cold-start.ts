import type { Trial } from '../harness/trial.ts';

export interface ColdStartParameters {
  readonly command: 'version' | 'run';
  readonly runs: number;
}

/** How long a command takes from nothing. */
export const coldStart: Trial<ColdStartParameters> = {
  name: 'cold-start',
  side: 'cold-start',
  title: 'Cold start of the command',
  about: 'The built command from start to end of its process, in turns with `node -e 0`; the database is new every time.',
  measures: [
    { key: 'ms', label: 'p50, ms', better: 'lower' },
    { key: 'nodeMs', label: 'node -e 0, ms', better: 'lower' },
    { key: 'ratio', label: '÷ node -e 0', better: 'lower' },
  ],
  memory: false,
  cases: size =>
    (['version', 'run'] as const).map(command => ({
      label: command === 'version' ? 'flowstone --version' : 'flowstone run, one step',
      parameters: { command, runs: size === 'quick' ? 2 : 15 },
    })),
};
