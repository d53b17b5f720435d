import { dirname, relative, resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { writeFileAtomically } from '../export/write-file.ts';
import { renderCoverageChart } from '../mermaid/coverage-chart.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { findMachinePlace, readModulePlace, requireFlowExport } from './flow-exports.ts';
import { createScreenPalette } from './screen-palette.ts';
import { machinePathsCommand } from './machine-paths-command.ts';
import { readMachineSource } from './machine-source.ts';
import type { PathsCommandOptions } from './test-source.ts';
import { readTestSource } from './test-source.ts';

const strategies = ['coverage', 'shortest', 'simple'] as const;
const formats = ['vitest', 'json', 'mermaid'] as const;

function readOneOf<Name extends string>(option: string, given: string | undefined, names: readonly Name[]): Name | undefined {
  const found = names.find(name => name === given);
  if (found || given === undefined) return found;
  throw new FlowError('usage_invalid', `Expected ${option} to be ${names.map(name => `\`${name}\``).join(', ')}, got \`${given}\`${didYouMean(given, names)}`);
}

/** `paths`: lists the ways a flow can go, or writes them as tests, JSON, or a diagram of what they cover. */
export async function pathsCommand(file: string, options: PathsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const strategy = readOneOf('--strategy', options.strategy, strategies);
  const format = readOneOf('--emit', options.emit, formats);
  const place = await findMachinePlace(file, context.cwd);
  if (place) return machinePathsCommand(await readMachineSource(place, options, context), { ...options, format }, context);
  const module = readModulePlace(file);
  const exportName = module && (await requireFlowExport(module, context.cwd)).name;
  const path = resolve(context.cwd, module?.file ?? file);
  const out = options.out === undefined ? undefined : resolve(context.cwd, options.out);
  if (out !== undefined && !format) throw new FlowError('usage_invalid', 'Expected --emit beside --out, so that it is known what to write');
  const { definition, generation } = await readTestSource(file, options, context);
  const [{ makeWholePaths }, { emitVitest, keepPaths }] = await Promise.all([import('../../testing/whole-paths.ts'), import('../../testing/emit-vitest.ts')]);
  const set = await makeWholePaths(definition, { ...generation, ...(strategy && { strategy }), ...(options.limit !== undefined && { maxPaths: options.limit }) });
  const document = {
    flowId: definition.id,
    strategy: set.strategy,
    transitions: { covered: set.covered.length, total: set.covered.length + set.uncovered.length },
    uncovered: set.uncovered,
    truncated: set.truncated,
    paths: keepPaths(definition, set.paths),
  };
  const { yellow, dim } = createScreenPalette(context.stdout, context.env);
  const list = [
    ...set.paths.map(({ name }) => `  ${name}`),
    '',
    `${set.paths.length} paths, ${document.transitions.covered} of ${document.transitions.total} transitions`,
    ...set.uncovered.map(({ item, reason }) => yellow(`  not covered: ${item} (${reason})`)),
    ...(set.truncated ? [dim('There are more paths than the limit; --limit raises it')] : []),
    '',
  ].join('\n');
  const text = {
    vitest: () => emitVitest(definition, set.paths, relative(out === undefined ? context.cwd : dirname(out), path) || file, exportName),
    json: () => `${JSON.stringify(document, null, 2)}\n`,
    mermaid: () => renderCoverageChart(set),
  };
  if (!format || out === undefined) return { exitCode: exitCodes.passed, document, text: format ? text[format]() : list };
  await writeFileAtomically(out, text[format]());
  return { exitCode: exitCodes.passed, document, text: `${set.paths.length} paths of ${definition.id} written to ${options.out}\n` };
}
