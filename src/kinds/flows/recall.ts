import type { CatalogReader } from '../../../persistence/catalog-store.ts';
import type { StepOutcome, RecordReader } from '../../../persistence/store.ts';
import type { Ended } from './resident.ts';
import type { Trail } from './trail.ts';
import { listTrailSteps, toPlace } from './trail.ts';

/** What the results of an execution are read from. */
export interface ResultReader extends Pick<RecordReader, 'listResults' | 'listGenerations' | 'getConsolidated'> {
  readonly catalog?: Pick<CatalogReader, 'listLabels'>;
}

/**
 * Reads the results of an execution that has just ended from what was stored of it: whoever waits for it need not wait for
 * the store. Undefined: too little of it is remembered, and the store has to be asked.
 */
export function recallResults({ resident }: Ended, { catalog }: RecordReader): ResultReader | undefined {
  // Labels come with the first generation, and belong to all.
  if (!resident || !resident.trail || resident.trail === 'long' || resident.header.generation > 1) return undefined;
  const { trail, labels, header } = resident;
  return {
    listResults: () => toResults(trail),
    listGenerations: () => [],
    getConsolidated: () => resident.consolidated ?? undefined,
    ...(catalog && { catalog: { listLabels: () => Object.entries(labels ?? {}).map(([name, value]) => ({ executionId: header.executionId, name, value })) } }),
  };
}

function toResults(trail: Trail): StepOutcome[] {
  const outputs = new Map<number, string | null>();
  for (const attempt of trail.attempts) if (attempt.status === 'completed') outputs.set(toPlace(attempt), attempt.output);
  // Whoever gets a failure may change it.
  return listTrailSteps(trail).map(step => ({
    step: step.failure === null ? step : { ...step, failure: JSON.parse(JSON.stringify(step.failure)) },
    output: outputs.get(toPlace(step)) ?? null,
  }));
}
