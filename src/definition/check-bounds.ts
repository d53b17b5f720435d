import { didYouMean } from '../core/wording.ts';
import { type AssertionDefinition, assertionTypes, isAssertionType, isChangeType } from './assertion-schema.ts';
import type { Finding } from './problem.ts';

interface Bounds {
  min: number;
  max: number;
  /** Where the two bounds are from. */
  minOf: string;
  maxOf: string;
  /** Whether the bounds meet in one number although nothing asks for exactly that. */
  exact: boolean;
}

/**
 * Finds assertions that cannot all hold, that leave a single number, that say nothing, or whose type is unknown.
 *
 * The flow runs all the same: the ones that do not hold fail.
 */
export function checkBounds(assertions: readonly AssertionDefinition[]): Finding[] {
  const findings: Finding[] = [];
  const byPath = new Map<string, Bounds>();
  for (const [position, assertion] of assertions.entries()) {
    const { id, type } = assertion;
    if (!isAssertionType(type)) {
      const known = Object.keys(assertionTypes);
      findings.push({
        code: 'assertion_unknown', path: ['assertions', position, 'type'], expected: `one of ${known.map(name => `\`${name}\``).join(', ')}`, found: `\`${type}\``,
        message: `\`${id}\` will be listed as not evaluated: nothing knows the type \`${type}\`${didYouMean(type, known)}`,
      });
      continue;
    }
    const found = narrow(assertion, position, byPath);
    if (found) findings.push(found);
  }
  return findings;
}

function toBounds({ type, value, min, max }: AssertionDefinition): readonly [number, number] | undefined {
  if (type === 'range') return [Number(min), Number(max)];
  if (typeof value !== 'number') return undefined;
  if (type === 'equals') return [value, value];
  if (type === 'gte' || type === 'change_gte') return [value, Infinity];
  return type === 'lte' || type === 'change_lte' ? [-Infinity, value] : undefined;
}

function narrow(assertion: AssertionDefinition, position: number, byPath: Map<string, Bounds>): Finding | undefined {
  const { id, type, path } = assertion;
  const own = toBounds(assertion);
  if (!own || path === undefined) return undefined;
  const key = `${isChangeType(type) ? 'change of ' : ''}${path}`;
  const [min, max] = own;
  const bounds = byPath.get(key);
  if (!bounds) {
    byPath.set(key, { min, max, minOf: id, maxOf: id, exact: min === max });
    return undefined;
  }
  if (min > bounds.max || max < bounds.min) {
    const [other, theirs] = min > bounds.max ? [bounds.maxOf, `at most ${bounds.max}`] : [bounds.minOf, `at least ${bounds.min}`];
    const ours = min > bounds.max ? `at least ${min}` : `at most ${max}`;
    return {
      code: 'bounds_contradict', path: ['assertions', position, 'path'], expected: `bounds that hold together with \`${other}\``, found: ours,
      message: `\`${id}\` and \`${other}\` cannot both hold: ${key} ${ours} and ${theirs}`,
    };
  }
  if (min > bounds.min) [bounds.min, bounds.minOf] = [min, id];
  if (max < bounds.max) [bounds.max, bounds.maxOf] = [max, id];
  bounds.exact ||= min === max;
  if (bounds.min !== bounds.max || bounds.exact) return undefined;
  bounds.exact = true;
  return {
    code: 'bounds_narrow', path: ['assertions', position, 'path'], expected: 'bounds with room between them', found: String(bounds.min),
    message: `Together the bounds of \`${bounds.minOf}\` and \`${bounds.maxOf}\` leave exactly ${bounds.min} for ${key}`,
  };
}
