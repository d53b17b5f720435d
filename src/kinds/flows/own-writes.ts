import { FlowError } from '../../core/errors.ts';
import type { Write } from './step-runner.ts';
import { isThenable } from './step-runner.ts';

/** All of a step's writes as one, so that one that throws undoes the others, too. A promise is passed on, for the store to refuse. */
export const toOneWrite = (writes: readonly Write[]): Write => tx => {
  for (const write of writes) {
    const result: unknown = write(tx);
    if (isThenable(result)) return result;
  }
  return undefined;
};

export const refuseWrite = (): never => {
  throw new FlowError('writes_unsupported', 'Expected a store that takes a step\'s own writes (`onCommit`); this one does not');
};
