import { readFileSync } from 'node:fs';
import { readYaml, type YamlSource } from '../../definition/yaml-source.ts';
import type { Problem } from '../../definition/problem.ts';
import { readModulePlace } from './flow-exports.ts';

/** Reads a definition's file again, to say where in it something is; undefined: it is a program, or no YAML. */
export function readSource(file: string): YamlSource | undefined {
  if (readModulePlace(file)) return undefined;
  const source = readYaml(readFileSync(file, 'utf8'), file);
  return 'problems' in source ? undefined : source;
}

/** Says where in a definition's file problems are that only have a path. */
export function locateProblems(file: string, problems: readonly Problem[]): Problem[] {
  const source = problems.length === 0 ? undefined : readSource(file);
  if (!source) return [...problems];
  return problems.map(problem => {
    const path = (problem.place.path ?? '').split(/[.[\]]+/).filter(Boolean).map(key => (/^\d+$/.test(key) ? Number(key) : key));
    const { code, expected, found } = problem;
    return { ...problem, place: { ...source.locate({ code, expected, found, path }), file, ...(problem.place.path !== undefined && { path: problem.place.path }) } };
  });
}
