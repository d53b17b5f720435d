import { relative } from 'node:path';
import { isFlowError } from '../../core/errors.ts';
import type { Problem } from '../../definition/problem.ts';
import { uniteMachines, uniteTools } from './unite-tools.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import type { FolderSync } from '../../server/handlers/handler.ts';
import type { CommandContext } from './command-context.ts';
import type { ToolsModule } from './load-tools.ts';
import { findToolsBeside, loadToolsModule } from './load-tools.ts';
import type { InvalidFile } from './read-folder.ts';
import { listFiles, readFolder } from './read-folder.ts';

export interface FolderTools extends ToolsModule {
  /** The one module that flows in processes of their own load. */
  readonly module: string | undefined;
}

/** Loads the tools that flows of a folder use: of the module that was named, else of all that stand beside definitions, as `run` finds them. */
export async function loadFolderTools(folder: string, files: readonly string[], named: string | undefined, { cwd, stderr }: Pick<CommandContext, 'cwd' | 'stderr'>): Promise<FolderTools> {
  if (named !== undefined) return { ...(await loadToolsModule(named, cwd)), module: named };
  const beside = [...new Set(files.flatMap(file => findToolsBeside(file, cwd) ?? []))];
  const modules: ToolsModule[] = [await loadToolsModule(undefined, cwd)];
  for (const module of beside) modules.push(await loadToolsModule(module, cwd));
  const warn = (what: string): void => void stderr.write(`flowstone: ${what} is in several modules beside the definitions of ${relative(cwd, folder) || folder}; the first one is taken\n`);
  return {
    tools: uniteTools(modules, warn), machines: uniteMachines(modules, warn), models: modules.find(({ models }) => models)?.models,
    module: beside.length === 1 ? beside[0] : undefined,
  };
}

/** Makes what takes a folder over: what is wrong with one file keeps no other one out. */
export function createFolderSync(folder: string, known: FolderTools, client: RuntimeClient): () => Promise<FolderSync> {
  return async () => {
    const { flows, invalid } = await readFolder(folder, listFiles(folder), known);
    const requests = flows.map(({ file, definition }) => ({ file, text: JSON.stringify(definition) }));
    const refused: InvalidFile[] = [];
    const taken: Awaited<ReturnType<RuntimeClient['upsert']>>[number][] = [];
    try {
      if (requests.length > 0) taken.push(...(await client.upsert(requests)));
    } catch (error) {
      if (!isFlowError(error, 'definition_invalid')) throw error;
      // An owner that has not the tools of some of them takes the others.
      for (const request of requests) {
        try {
          taken.push(...(await client.upsert([request])));
        } catch (cause) {
          if (!isFlowError(cause, 'definition_invalid')) throw cause;
          refused.push({ file: request.file, problems: [{ code: cause.code, message: cause.message, place: {} }] });
        }
      }
    }
    return { flows: taken.map(({ flowId, status, digest }) => ({ flowId, status, digest })), invalid: [...invalid, ...refused].flatMap(({ file, problems }) => problems.map(problem => toInvalid(relative(folder, file), problem))) };
  };
}

function toInvalid(file: string, { code, message, place }: Pick<Problem, 'code' | 'message' | 'place'>): FolderSync['invalid'][number] {
  return { file, code, message, ...(place.line !== undefined && { line: place.line }), ...(place.column !== undefined && { column: place.column }) };
}
