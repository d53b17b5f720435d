import { readFileSync } from 'node:fs';
import { readYaml, type YamlSource } from '../../definition/yaml-source.ts';
import { readModulePlace } from './flow-exports.ts';

/** Reads a definition's file again, to say where in it something is; undefined: it is a program, or no YAML. */
export function readSource(file: string): YamlSource | undefined {
  if (readModulePlace(file)) return undefined;
  const source = readYaml(readFileSync(file, 'utf8'), file);
  return 'problems' in source ? undefined : source;
}
