import type { RecordReader, StepOutcome } from '../../../persistence/store.ts';
import type { SettledExecution } from './execution-api.ts';
import { describeExecution, toSettled } from './queries.ts';
import type { Ended } from './resident.ts';
import type { Trail } from './trail.ts';
import { listTrailSteps, toPlace } from './trail.ts';

/**
 * What an execution came to that has just ended, from what was stored of it: whoever waits for it need not wait for the store.
 * Undefined: too little of it is remembered, and the store has to be asked.
 */
export function recallSettled({ record, resident }: Ended, { catalog }: RecordReader): SettledExecution | undefined {
  // Labels come with the first generation, and belong to all.
  if (!resident || !resident.trail || resident.trail === 'long' || resident.header.generation > 1) return undefined;
  const { trail, labels, consolidated, tree } = resident;
  return toSettled(describeExecution(tree.plan, record, { results: toResults(trail), labels: Object.entries((catalog && labels) ?? {}), consolidated: consolidated ?? undefined }));
}

function toResults(trail: Trail): StepOutcome[] {
  // Whoever gets a failure may change it.
  return listTrailSteps(trail).map(step => ({
    step: step.failure === null ? step : { ...step, failure: JSON.parse(JSON.stringify(step.failure)) },
    output: trail.outputs.get(toPlace(step)) ?? null,
  }));
}
