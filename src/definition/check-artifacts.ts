import { findNameProblem } from '../core/artifact-name.ts';
import { nameStep } from './check-graph.ts';
import { isObject, type StepOutline } from './outline.ts';
import type { Finding, Path } from './problem.ts';
import { hasExpression } from './template.ts';

/** Checks declared artifacts: names that may be used, each for one artifact only. */
export function checkArtifacts(steps: readonly StepOutline[]): Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, StepOutline>();
  for (const step of steps) {
    const { artifacts } = step.source;
    for (const [at, artifact] of (Array.isArray(artifacts) ? artifacts : []).entries()) {
      if (!isObject(artifact)) continue;
      const path = ['steps', step.position, 'artifacts', at];
      for (const key of ['name', 'file']) findings.push(...checkName(artifact[key], [...path, key]));
      const { name } = artifact;
      if (typeof name !== 'string' || hasExpression(name)) continue;
      if (step.source['for_each'] !== undefined) findings.push(toSharedName(step, name, [...path, 'name']));
      const owner = owners.get(name);
      if (owner) findings.push(toDuplicate(owner, step, name, [...path, 'name']));
      else owners.set(name, step);
    }
  }
  return findings;
}

/** What expressions make of a name is checked when they have been evaluated. */
function checkName(name: unknown, path: Path): Finding[] {
  if (typeof name !== 'string' || hasExpression(name)) return [];
  const problem = findNameProblem(name);
  if (problem === undefined) return [];
  const found = JSON.stringify(name);
  const expected = 'a relative path such as `plans/summary.md`';
  return [{ code: 'artifact_name_invalid', path, expected, found, message: `Expected \`${String(path.at(-1))}\` to be ${expected}, got ${found}: ${problem}` }];
}

function toSharedName(step: StepOutline, name: string, path: Path): Finding {
  return {
    code: 'duplicate_artifact',
    path,
    expected: 'a name that differs between items',
    found: `\`${name}\``,
    message: `Expected the artifacts of ${nameStep(step)}, which has a \`for_each\`, to have a name of their own for each item, got \`${name}\`; put \`{% index %}\` or \`{% item %}\` in it`,
  };
}

function toDuplicate(owner: StepOutline, step: StepOutline, name: string, path: Path): Finding {
  return {
    code: 'duplicate_artifact',
    path,
    expected: 'a name that no other artifact has',
    found: `\`${name}\``,
    message: `Expected every artifact to have a name of its own, got \`${name}\` in ${nameStep(step)} and ${owner === step ? 'once more in it' : `in ${nameStep(owner)}`}`,
  };
}
