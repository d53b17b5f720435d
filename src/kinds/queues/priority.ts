import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
export type { Priority } from '../contract/publishing.ts';

const levels = { low: -10, normal: 0, high: 10, urgent: 100 } as const;
const maxPriority = 1_000;

/** In place of an ageing that never ends: some 30 years a level, so that every sum stays a whole number. */
const neverMs = 2 ** 40;

/**
 * Reads a priority: `low` is -10, `normal` 0, `high` 10, `urgent` 100.
 *
 * @param name what it is the priority of, for the complaint
 * @throws a `FlowError` with code `option_invalid`
 */
export function toPriority(value: unknown, name = 'priority'): number {
  if (typeof value === 'string' && Object.hasOwn(levels, value)) return levels[value as keyof typeof levels];
  if (Number.isInteger(value) && Math.abs(value as number) <= maxPriority) return value as number;
  throw new FlowError('option_invalid', `Expected \`${name}\` to be low, normal, high, urgent or an integer from -${maxPriority} to ${maxPriority}, got ${describeValue(value)}`);
}

/**
 * Computes the place of a message among those that wait: the highest goes first.
 *
 * A message gains one level of priority for every `ageingMs` it has waited. As all of them age alike, the order of two
 * never changes, so it is computed once. With null nothing ages: the lower waits as long as there is a higher.
 *
 * @param visibleAt since when it may be handled, epoch ms
 */
export function computeRank(priority: number, visibleAt: number, ageingMs: number | null): number {
  return priority * (ageingMs ?? neverMs) - visibleAt;
}
