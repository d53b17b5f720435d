import { join } from 'node:path';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { readProcessError } from './request-file.ts';
import type { ProcessExit } from './runner-process.ts';
import { outputFile } from './runner-process.ts';

/** Why a flow fails whose process ended before it did. */
export function describeEnd({ code, signal, error }: ProcessExit, folder: string): StepFailure {
  const told = readProcessError(folder);
  const how = error !== undefined ? `could not begin: ${error}` : signal !== null ? `was ended by ${signal}` : code === null ? 'is gone' : `ended with exit code ${code}`;
  const output = join(folder, outputFile);
  const message = `The process that ran the flow ${how}${told ? `: ${told.message} (${told.code})` : ''}. What it printed is in ${output}`;
  return createFailure('process_died', message, { exitCode: code, signal, output, ...(told && { error: told }) });
}

/** Why a flow fails whose process did not leave what a runtime leaves. */
export function describeDamage(damage: string, folder: string): StepFailure {
  return createFailure('process_damaged', `The process that ran the flow wrote what no runtime writes: ${damage}`, { folder });
}
