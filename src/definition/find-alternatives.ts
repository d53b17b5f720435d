import { didYouMean } from '../core/wording.ts';
import { isObject, type StepOutline } from './outline.ts';
import type { Finding } from './problem.ts';

/** Steps that stand in for others, and what is wrong with how they are declared. */
export interface FoundAlternatives {
  /** By place of the alternative: the place of the step it stands in for. */
  readonly found: ReadonlyMap<number, number>;
  readonly findings: readonly Finding[];
}

/** Keys that an alternative has from the step it stands in for. What is usual may be written: a checked definition says it. */
const originals = ['depends_on', 'critical', 'weight', 'for_each', 'run'] as const;
const isUsual = (key: (typeof originals)[number], value: unknown): boolean =>
  value === undefined || (key === 'critical' && value === true) || (key === 'weight' && value === 1) || (key === 'depends_on' && Array.isArray(value) && value.length === 0);

/** Finds the steps named by `recover.alternative`. */
export function findAlternatives(steps: readonly StepOutline[], positions: ReadonlyMap<string, number>): FoundAlternatives {
  const found = new Map<number, number>();
  const findings: Finding[] = [];
  for (const [at, step] of steps.entries()) {
    const recover = step.source['recover'];
    const id = isObject(recover) ? recover['alternative'] : undefined;
    if (typeof id !== 'string') continue;
    const path = ['steps', step.position, 'recover', 'alternative'];
    const expected = 'the id of another step of this flow';
    const place = positions.get(id);
    if (place === undefined || place === at) {
      const message = `Expected \`recover.alternative\` of ${name(step)} to name another step of this flow, got \`${id}\`${place === undefined ? didYouMean(id, positions.keys()) : ''}`;
      findings.push({ code: 'unknown_step', path, expected, found: `\`${id}\``, message });
      continue;
    }
    const first = found.get(place);
    if (first !== undefined) {
      const message = `Expected \`${id}\` to stand in for one step, got ${name(steps[first] as StepOutline)} and ${name(step)}; give each an alternative of its own`;
      findings.push({ code: 'alternative_shared', path, expected: 'an alternative of its own', found: `\`${id}\``, message });
      continue;
    }
    found.set(place, at);
  }
  for (const [place, original] of found) findings.push(...checkAlternative(steps[place] as StepOutline, steps[original] as StepOutline));
  findings.push(...checkDependents(steps, positions, found));
  return { found, findings };
}

function checkAlternative(step: StepOutline, original: StepOutline): Finding[] {
  const findings: Finding[] = [];
  for (const key of originals) {
    if (isUsual(key, step.source[key])) continue;
    const reason = key === 'for_each' ? 'it has one output, that of the step it stands in for' : `it has that of ${name(original)}`;
    findings.push({
      code: 'key_not_allowed', path: ['steps', step.position, key], expected: `no \`${key}\``, found: `\`${key}\``, atKey: true,
      message: `Expected ${name(step)}, the alternative of ${name(original)}, to have no \`${key}\`; ${reason}`,
    });
  }
  return findings;
}

/** It runs only when the other has failed: whoever waits for it waits for the other. */
function checkDependents(steps: readonly StepOutline[], positions: ReadonlyMap<string, number>, found: ReadonlyMap<number, number>): Finding[] {
  return steps.flatMap(step => step.dependsOn.flatMap(({ id, at }): Finding[] => {
    const original = found.get(positions.get(id) ?? -1);
    if (original === undefined) return [];
    const instead = steps[original] as StepOutline;
    return [{
      code: 'alternative_awaited', path: ['steps', step.position, 'depends_on', at], expected: `\`${instead.id}\``, found: `\`${id}\``,
      message: `Expected \`depends_on\` of ${name(step)} to name steps that run by themselves, got the alternative \`${id}\`; depend on ${name(instead)}, whose output is that of whichever ran`,
    }];
  }));
}

const name = ({ id, position }: StepOutline): string => (id === undefined ? `\`steps[${position}]\`` : `\`${id}\``);
