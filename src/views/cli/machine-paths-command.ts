import { dirname, relative, resolve } from 'node:path';
import { FlowError } from '../../core/errors.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { writeFileAtomically } from '../export/write-file.ts';
import { exitCodes } from './exit-codes.ts';
import type { MachineSource } from './machine-source.ts';
import { createScreenPalette } from './screen-palette.ts';
import type { PathsCommandOptions } from './test-source.ts';

/** `paths machines.ts#id`: lists the ways a machine can go, or writes them as tests or JSON. */
export async function machinePathsCommand({ file, machines, generation }: MachineSource, options: PathsCommandOptions & { readonly format?: string | undefined }, context: CommandContext): Promise<CommandResult> {
  const [machine, ...others] = machines;
  if (!machine || others.length > 0) throw new FlowError('usage_invalid', `Expected one machine, as \`${relative(context.cwd, file)}#${machine?.id ?? 'id'}\`, found ${machines.length}: ${machines.map(({ id }) => `\`${id}\``).join(', ')}`);
  if (options.format === 'mermaid') throw new FlowError('usage_invalid', 'Expected --emit to be `vitest` or `json` for a machine, got `mermaid`');
  const [{ generatePaths }, { keepMachinePaths }, { emitMachineVitest }, { addTellingPaths, mutateMachine }] = await Promise.all([import('../../testing/machine-paths.ts'), import('../../testing/kept-machine.ts'), import('../../testing/emit-vitest.ts'), import('../../testing/mutate-machine.ts')]);
  const { strategy, covered, uncovered, truncated, paths } = generatePaths(machine, {
    ...generation, ...(options.strategy !== undefined && { strategy: options.strategy as never }), ...(options.limit !== undefined && { maxPaths: options.limit }),
  });
  // Tests that are kept are to fail for every change of the machine.
  const isKept = options.format === 'vitest' && strategy === 'coverage';
  const kept = keepMachinePaths(isKept ? addTellingPaths(machine, paths, generation) : paths);
  const unnoticed = isKept ? mutateMachine(machine, kept).survivors.filter(({ telling }) => telling).map(({ name }) => name) : [];
  const document = { machineId: machine.id, strategy, transitions: { covered: covered.length, total: covered.length + uncovered.length }, uncovered, truncated, paths: kept };
  const { yellow } = createScreenPalette(context.stdout, context.env);
  const list = [
    ...kept.map(({ name }) => `  ${name}`), '', `${kept.length} paths, ${covered.length} of ${document.transitions.total} transitions and outcomes of guards`,
    ...uncovered.map(({ item, reason }) => yellow(`  not covered: ${item} (${reason})`)), '',
  ].join('\n');
  const out = options.out === undefined ? undefined : resolve(context.cwd, options.out);
  const place = relative(out === undefined ? context.cwd : dirname(out), file);
  const text = options.format === 'vitest' ? emitMachineVitest(machine.id, kept, place, unnoticed) : options.format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : list;
  if (out === undefined) return { exitCode: exitCodes.passed, document, text };
  await writeFileAtomically(out, text);
  return { exitCode: exitCodes.passed, document, text: `${kept.length} paths of ${machine.id} written to ${options.out}\n` };
}
