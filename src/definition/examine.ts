import { findNotJson } from '../core/json.ts';
import { formatPath } from '../core/wording.ts';
import { checkArtifacts } from './check-artifacts.ts';
import { checkAssertions } from './check-assertions.ts';
import { checkExpressions, checkLastExpressions } from './check-expressions.ts';
import { type CheckedGraph, checkGraph } from './check-graph.ts';
import { checkInputSchema } from './check-input-schema.ts';
import { checkMachines, checkTools } from './check-names.ts';
import { checkHalt, checkRecover } from './check-recover.ts';
import { checkStep } from './check-step.ts';
import { isObject, outlineSteps } from './outline.ts';
import type { Finding, Problem } from './problem.ts';
import { readSchema } from './schema-findings.ts';
import type { FlowDefinition } from './schema.ts';
import { TemplateCache } from './template.ts';
import { checkPlacement } from './check-placement.ts';
import { readFunctions, takeFunctions, type ValueFunctions } from './value-function.ts';
import type { Place } from '../core/errors.ts';

/** A definition that passed every check, with what the checks worked out. */
export interface Examined {
  readonly definition: FlowDefinition;
  readonly checked: CheckedGraph;
  readonly cache: TemplateCache;
  /** Those that its texts name. */
  readonly functions: ValueFunctions;
}

/** Says where a finding is; line and column are known only for text. */
export type Locate = (finding: Finding) => Place;

/** Places in a definition that did not come from text. */
export const locateByPath: Locate = ({ path }) => ({ path: formatPath(path) });

export interface ExamineOptions {
  /** Names of the tools there are; undefined: any name will do. */
  readonly tools?: Iterable<string> | undefined;
  /** Ids of the machines there are; undefined: any id will do. */
  readonly machines?: Iterable<string> | undefined;
  /** Whether functions may be named that are not there, as in what was stored. Default false. */
  readonly mayMissFunctions?: boolean;
}

/**
 * Runs every check, and reports everything that is wrong at once.
 */
export function examine(source: unknown, locate: Locate, { tools, machines, mayMissFunctions = false }: ExamineOptions = {}): Examined | { readonly problems: readonly Problem[] } {
  const { source: value, functions: taken } = takeFunctions(source);
  const functions: ValueFunctions = new Map([...readFunctions(source), ...taken]);
  const notJson = findNotJson(value);
  if (notJson) return { problems: [toProblem({ code: 'invalid_value', ...notJson }, locate)] };

  const cache = new TemplateCache({ run: functions, mayMiss: mayMissFunctions });
  const { definition, findings } = readSchema(value);
  const steps = outlineSteps(value);
  const checked = checkGraph(steps);
  const all = [
    ...findings,
    ...checked.findings,
    ...steps.flatMap(checkStep),
    ...steps.flatMap(checkRecover),
    ...checkHalt(value),
    ...checkPlacement(value),
    ...checkArtifacts(steps),
    ...(tools === undefined ? [] : checkTools(steps, tools)),
    ...(machines === undefined ? [] : checkMachines(steps, machines)),
    ...checkExpressions(steps, checked, cache),
    ...(isObject(value) ? checkInputSchema(value['input']) : []),
    ...checkAssertions(value, checked.positions.keys(), tools),
    ...(isObject(value) && isObject(value['state']) ? checkLastExpressions(value['state']['with'], ['state', 'with'], checked, cache) : []),
  ];
  if (definition && all.length === 0) return { definition, checked, cache, functions };
  return { problems: all.map(finding => toProblem(finding, locate)).toSorted(byPlace) };
}

function toProblem(finding: Finding, locate: Locate): Problem {
  const { code, path, expected, found } = finding;
  const name = path.length === 0 ? 'the definition' : `\`${formatPath(path)}\``;
  return { code, message: finding.message ?? `Expected ${name} to be ${expected}, got ${found}`, place: locate(finding), expected, found };
}

function byPlace(a: Problem, b: Problem): number {
  return (a.place.line ?? 0) - (b.place.line ?? 0) || (a.place.column ?? 0) - (b.place.column ?? 0);
}
