import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ReadFlow } from '../../catalog/sync-flows.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { Problem } from '../../definition/problem.ts';
import { builtInTools } from '../../tools/built-in.ts';
import { loadDefinition } from './load-definition.ts';
import type { ToolsModule } from './load-tools.ts';

/** A file that is no definition, and why. */
export interface InvalidFile {
  readonly file: string;
  readonly problems: readonly Pick<Problem, 'code' | 'message' | 'place'>[];
}

/** The definitions in a folder and below, by their names' ends. */
export function listFiles(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new FlowError('file_unreadable', `Expected DIR to be a folder of definitions, got \`${folder}\``, { place: { file: folder } });
  return [...walk(folder)].toSorted();
}

function listEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new FlowError('file_unreadable', `Expected a folder that can be read, got \`${folder}\`: ${error instanceof Error ? error.message : String(error)}`, { cause: error, place: { file: folder } });
  }
}

/** Follows no link to a folder; links to files are listed, to be looked at. */
function* walk(folder: string): Generator<string> {
  for (const entry of listEntries(folder)) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.ya?ml$/.test(entry.name) && (entry.isFile() || entry.isSymbolicLink())) yield path;
  }
}

/** @throws a `FlowError` with code `path_outside_folder` when it is a link that leads out of the folder, or nowhere */
function requireInside(folder: string, file: string): void {
  let target: string | undefined;
  try {
    target = realpathSync(file);
  } catch {
    // A link that leads nowhere may lead anywhere tomorrow.
  }
  if (target?.startsWith(realpathSync(folder) + sep)) return;
  throw new FlowError('path_outside_folder', `Expected a file in the folder, \`${relative(folder, file)}\` is a link that leads ${target === undefined ? 'nowhere' : 'out of it'}. Put the file itself there, or sync its folder, too`, { place: { file } });
}

/** Reads every file; a flow that is in two of them is taken from the first. */
export async function readFolder(folder: string, files: readonly string[], known: Pick<ToolsModule, 'tools' | 'machines'> | undefined): Promise<{ readonly flows: ReadFlow[]; readonly invalid: InvalidFile[] }> {
  const { tools = [], machines = [] } = known ?? {};
  // Which tools there are is known only where they were given.
  const names = known && [...builtInTools, ...tools].map(({ name }) => name);
  const ids = known && machines.map(({ machine }) => machine.id);
  const flows = new Map<string, ReadFlow>();
  const invalid: InvalidFile[] = [];
  for (const file of files) {
    try {
      requireInside(folder, file);
      const definition = await loadDefinition(file, names, tools, ids);
      const first = flows.get(definition.id);
      if (!first) flows.set(definition.id, { file, definition });
      else invalid.push({ file, problems: [{ code: 'duplicate_flow', message: `Expected every flow to have an id of its own, got \`${definition.id}\` a second time; the first is in ${relative(folder, first.file)}`, place: { file } }] });
    } catch (error) {
      if (!isFlowError(error)) throw error;
      const { problems } = error.details ?? {};
      invalid.push({ file, problems: Array.isArray(problems) ? (problems as Problem[]) : [{ code: error.code, message: error.message, place: error.place ?? { file } }] });
    }
  }
  return { flows: [...flows.values()], invalid };
}
