import { InvalidArgumentError } from 'commander';

/* Options that several commands have, and how their values are read. */

export const databaseOption = [
  '--db <path>',
  'the database (default: FLOWSTONE_DB, else flowstone.db in the data folder of the platform)',
] as const;
export const toolsOption = ['--tools <module>', 'a .js or .ts file that exports tools'] as const;
export const examplesOption = [
  '--examples <json>',
  'inputs and outputs to try: `{ "input": […], "outputs": { "step id or uses": […] } }`, of a machine `{ ' +
    '"events": […], "input": […], "services": { … } }`; or @file',
] as const;
export const outputOption = [
  '--output-dir <folder>',
  'write artifacts there as files, too (default: `output_dir` of the flow)',
] as const;
export const flowOption = [
  '--flow <file>',
  'a further definition, that it starts with `flow:id`; may be given again',
  collect,
] as const;

export const newFlowOption = [
  '--flow <file>',
  'the definition as it is now, or one that it starts with `flow:id`; may be given again',
  collect,
] as const;

export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError(`Expected an integer ≥ 1, got \`${text}\`.`);
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError(`Expected a port, 0 to 65535, got \`${text}\`.`);
}
