import type { Trial } from '../harness/trial.ts';

export interface RecoveryParameters {
  readonly flows: number;
}

/** From kill -9 to work going on. */
export const recovery: Trial<RecoveryParameters> = {
  name: 'recovery',
  side: 'recovery',
  title: 'Recovery',
  about:
    'A process starts flows of two steps, kills itself (SIGKILL) while the first step of each of them runs, and a new process goes on with them. Times are from ' +
    'the start of the new process: until `createRuntime` answered, until the first handler is called again, until all of them are. ' +
    'Durability `process`; as many flows admitted as there are.',
  measures: [
    { key: 'firstMs', label: 'first handler, ms', better: 'lower' },
    { key: 'openMs', label: 'runtime open, ms', better: 'lower' },
    { key: 'allMs', label: 'all running, ms', better: 'lower' },
    { key: 'startedMs', label: 'of which Node and imports, ms', better: 'lower' },
  ],
  cases: size => {
    const flows = size === 'quick' ? 100 : 10_000;
    return [{ label: `${flows} unfinished flows`, parameters: { flows } }];
  },
};
