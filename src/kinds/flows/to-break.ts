import { isFlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { toFailure } from '../../core/thrown-failure.ts';

/** Why an execution fails that caused this error. */
export const toBreak = (error: Error): StepFailure =>
  isFlowError(error) ? createFailure('commit_refused', `What happened to it could not be stored: ${error.message}`) : createFailure('machine_failed', toFailure(error).message);
