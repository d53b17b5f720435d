import { describeValue } from '../core/wording.ts';

/** Longest value that is kept as it is, characters of JSON. */
const maxShown = 2_000;

/** A value short enough to be kept with a result: itself, or words for it. */
export function showValue(value: unknown): unknown {
  if (typeof value === 'string') return value.length > maxShown ? `${value.slice(0, maxShown)}…` : value;
  if (typeof value !== 'object' || value === null) return value;
  return JSON.stringify(value).length > maxShown ? describeValue(value) : value;
}
