import { relative, resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { importModule } from './load-tools.ts';

/** A module, and after `#` the id of what is meant in it. */
export interface ModulePlace {
  readonly file: string;
  readonly id: string | undefined;
}

/** Where flows and machines are that a program writes; undefined: what is named is a file of YAML or JSON. */
export function readModulePlace(argument: string): ModulePlace | undefined {
  const [, file, id] = /^(.*\.[cm]?[jt]s)(?:#(.+))?$/s.exec(argument) ?? [];
  return file === undefined ? undefined : { file, id };
}

/** As `readModulePlace`, unless what is named is a flow: those of a module come first, in one that has machines, too, after `#`. */
export async function findMachinePlace(argument: string, cwd: string): Promise<ModulePlace | undefined> {
  const place = readModulePlace(argument);
  if (!place) return undefined;
  return (await listFlowExports(place, cwd)).length > 0 ? undefined : place;
}

/** A flow that a module exports, and under which name. */
export interface FlowExport {
  readonly name: string;
  readonly definition: FlowDefinition;
}

const isFlow = (value: unknown): value is FlowDefinition => {
  const { id, steps, version } = (typeof value === 'object' && value !== null ? value : {}) as { readonly [key: string]: unknown };
  return typeof id === 'string' && typeof version === 'string' && Array.isArray(steps);
};

/**
 * Finds the flows that a JavaScript or TypeScript module exports, as `defineFlow` gives them: each once.
 *
 * @throws a `FlowError` with code `flow_module_invalid`, `file_unreadable`, or `definition_invalid` when `defineFlow` refuses one
 */
export async function listFlowExports({ file, id }: ModulePlace, cwd: string): Promise<FlowExport[]> {
  const found = new Map<FlowDefinition, string>();
  for (const [name, value] of Object.entries(await importModule(file, cwd, 'flows'))) if (isFlow(value) && (id === undefined || value.id === id)) found.set(value, found.get(value) ?? name);
  return [...found].map(([definition, name]) => ({ name, definition }));
}

/**
 * The flow that a place names, or the only one of its module.
 *
 * @throws a `FlowError` as `listFlowExports`
 */
export async function requireFlowExport(place: ModulePlace, cwd: string): Promise<FlowExport> {
  const all = await listFlowExports({ ...place, id: undefined }, cwd);
  const [only, ...others] = place.id === undefined ? all : all.filter(({ definition }) => definition.id === place.id);
  if (only && others.length === 0) return only;
  const file = relative(cwd, resolve(cwd, place.file)) || place.file;
  const ids = all.map(({ definition }) => definition.id);
  const list = ids.map(id => `\`${file}#${id}\``).join(', ');
  const hint = place.id === undefined ? '' : didYouMean(place.id, ids);
  const expected = all.length === 0
    ? `\`${file}\` to export a flow made with \`defineFlow\`, found none`
    : place.id === undefined ? `one flow of \`${file}\`, found ${all.length}: name one, ${list}` : `a flow of \`${file}\` after the #, got \`${place.id}\`${hint === '' ? '.' : hint} It has ${list}`;
  throw new FlowError('flow_module_invalid', `Expected ${expected}`, { place: { file: resolve(cwd, place.file) } });
}
