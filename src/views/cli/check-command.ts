import { relative, resolve } from 'node:path';
import { FlowError, isFlowError } from '../../core/errors.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import { toDefinitionError, type Problem } from '../../definition/problem.ts';
import { findExampleMisfits } from '../../testing/check-examples.ts';
import { builtInTools } from '../../tools/built-in.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { checkDoubts } from './check-doubts.ts';
import { checkOutputReads } from './check-output-reads.ts';
import { checkReferences } from './check-references.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { checkToolInputs } from './check-tool-inputs.ts';
import { toErrorDocument } from './error-document.ts';
import { exitCodes } from './exit-codes.ts';
import { listFlowExports, readModulePlace } from './flow-exports.ts';
import { loadFlows } from './load-flows.ts';
import type { ToolsModule } from './load-tools.ts';
import { findToolsBeside, loadToolsModule } from './load-tools.ts';
import { locateProblems } from './read-source.ts';
import { createScreenPalette } from './screen-palette.ts';

export interface CheckCommandOptions {
  readonly tools?: string;
  readonly flow?: readonly string[];
}

interface CheckedFile {
  readonly file: string;
  readonly flowId?: string;
  readonly version?: string;
  readonly steps?: number;
  readonly digest?: string;
  /** Places of values that are functions. */
  readonly functions?: readonly string[];
  readonly problems: readonly Problem[];
  /** What is surely not meant, though the flow would run. */
  readonly doubts?: readonly Problem[];
}

async function checkFile(file: string, further: readonly string[], given: ToolsModule, cwd: string): Promise<CheckedFile> {
  try {
    const [definition, ...others] = await loadFlows(file, further, cwd, given);
    const tools = [...builtInTools, ...given.tools];
    const path = resolve(cwd, file);
    const problems = [
      ...checkReferences(path, definition, [definition, ...others]),
      ...checkToolInputs(path, definition, tools),
      ...checkOutputReads(path, definition, tools),
      ...locateProblems(path, findExampleMisfits(definition, tools)),
    ];
    const { id, version, steps } = definition;
    const { digest, functions } = compileFlow(definition);
    return { file, flowId: id, version, steps: steps.length, digest, ...(functions.length > 0 && { functions }), problems, doubts: await checkDoubts(resolve(cwd, file), definition) };
  } catch (error) {
    if (!isFlowError(error)) throw error;
    const { problems } = error.details ?? {};
    if (Array.isArray(problems)) return { file, problems: problems as Problem[] };
    return { file, problems: [{ code: error.code, message: error.message, place: error.place ?? { file }, expected: '', found: '' }] };
  }
}

function formatProblem({ place, message, code }: Problem, file: string, cwd: string): string {
  const path = place.file === undefined ? file : relative(cwd, place.file) || place.file;
  const at = place.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
  return `${path}${at}: ${toPlainLine(message)} (${code})`;
}

/** Each flow of a module is checked by itself. */
async function listPlaces(files: readonly string[], cwd: string): Promise<string[]> {
  const places: string[] = [];
  for (const file of files) {
    const module = readModulePlace(file);
    // What cannot be imported is told with what else is wrong.
    const flows = module && module.id === undefined ? await listFlowExports(module, cwd).catch(() => []) : [];
    places.push(...(flows.length > 1 ? flows.map(({ definition }) => `${file}#${definition.id}`) : [file]));
  }
  return places;
}

/** What a flow whose values are functions needs, and cannot have. */
function describeFunctions(functions: readonly string[] = []): string[] {
  if (functions.length === 0) return [];
  const shown = functions.slice(0, 3).join(', ');
  return [`  ${functions.length === 1 ? 'A value is a function' : `${functions.length} values are functions`} (${shown}${functions.length > 3 ? ', …' : ''}): it runs where its module is, and cannot run in a process of its own`];
}

/** `check`: says everything that is wrong with definitions, without running anything. */
export async function checkCommand(files: readonly string[], options: CheckCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, stdout, env } = context;
  if (files.length === 0) throw new FlowError('usage_invalid', 'Expected `flowstone check FILE…`, or `flowstone check --db DATABASE --tools MODULE`, got no file');
  const checked: CheckedFile[] = [];
  for (const file of await listPlaces(files, cwd)) {
    const toolsFile = options.tools ?? findToolsBeside(file, cwd);
    checked.push(await checkFile(file, options.flow ?? [], await loadToolsModule(toolsFile, cwd), cwd));
  }
  const problems = checked.flatMap(one => one.problems);
  const palette = createScreenPalette(stdout, env);
  const lines = checked.flatMap(({ file, flowId, steps, functions, problems: found, doubts = [] }) => [
    ...(found.length === 0
      ? [`${palette.green(palette.symbols.completed)} ${file}: ${flowId}, ${steps} ${steps === 1 ? 'step' : 'steps'}`, ...describeFunctions(functions).map(palette.dim)]
      : found.map(problem => `${palette.red(palette.symbols.failed)} ${formatProblem(problem, file, cwd)}`)),
    ...doubts.map(doubt => `${palette.yellow('?')} ${formatProblem(doubt, file, cwd)}`),
  ]);
  if (problems.length > 0) lines.push('', `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`);
  return {
    exitCode: problems.length === 0 ? exitCodes.passed : exitCodes.badUsage,
    document: {
      ok: problems.length === 0,
      files: checked,
      ...(problems.length > 0 && toErrorDocument(toDefinitionError(problems, files.join(', ')))),
    },
    text: `${lines.join('\n')}\n`,
  };
}
