import type { AttemptRecord, StepRecord } from '../../../persistence/records.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';

/** What was stored of a short execution since it began, so that whoever waits for its end need not read it back. */
export interface Trail {
  /** By `toPlace`. */
  readonly steps: Map<number, StepRecord>;
  /** Outputs of completed runs, by `toPlace`. */
  readonly outputs: Map<number, string | null>;
  /** Runs that have ended. */
  runs: number;
  /** Characters of its outputs. */
  length: number;
}

/** Rows of steps, and characters, beyond which an execution is long. */
const maxSteps = 96;
export const maxLength = 32_768;

export const createTrail = (): Trail => new NewTrail();

class NewTrail implements Trail {
  readonly steps = new Map<number, StepRecord>();
  readonly outputs = new Map<number, string | null>();
  runs = 0;
  length = 0;
}

/** Where the rows of a batch end that are there already. */
export interface BatchMark {
  readonly steps: number;
  readonly attempts: number;
}

export const markBatch = ({ steps, attempts }: MutableBatch): BatchMark => ({ steps: steps.length, attempts: attempts.length });

/** Adds the rows that came after the mark; `long` when the execution has become too long to be remembered. */
export function extendTrail(trail: Trail, batch: MutableBatch, from: BatchMark): Trail | 'long' {
  for (let at = from.steps; at < batch.steps.length; at++) {
    const row = batch.steps[at] as StepRecord;
    trail.steps.set(toPlace(row), row);
  }
  for (let at = from.attempts; at < batch.attempts.length; at++) {
    const row = batch.attempts[at] as AttemptRecord;
    trail.runs++;
    if (row.status === 'completed') trail.outputs.set(toPlace(row), row.output);
    trail.length += row.output?.length ?? 0;
  }
  return trail.steps.size > maxSteps || trail.runs > 2 * maxSteps || trail.length > maxLength ? 'long' : trail;
}

/** More items than an execution has that is not long. */
const maxItems = 2 ** 20;

/** A step or item as one number, in the order in which a store gives them. */
export const toPlace = ({ position, item }: Pick<StepRecord, 'position' | 'item'>): number => position * maxItems + item + 1;

/** The rows of steps, as a store gives them. */
export function listTrailSteps({ steps }: Trail): StepRecord[] {
  let last = -1;
  let isInOrder = true;
  for (const place of steps.keys()) {
    if (place < last) isInOrder = false;
    last = place;
  }
  return isInOrder ? [...steps.values()] : [...steps.values()].sort((a, b) => toPlace(a) - toPlace(b));
}
