import type { OwnWrite } from '../../engine/kind.ts';
import { isThenable } from './step-runner.ts';

/** All of a step's writes as one, so that one that throws undoes the others, too. A promise is passed on, for the store to refuse. */
export const toOneWrite = (writes: readonly OwnWrite[]): OwnWrite => tx => {
  for (const write of writes) {
    const result: unknown = write(tx);
    if (isThenable(result)) return result;
  }
  return undefined;
};
