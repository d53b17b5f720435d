import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import type { MachineSource } from './machine-source.ts';
import { createScreenPalette } from './screen-palette.ts';
import type { TestCommandOptions } from './test-source.ts';

/** `test machines.ts`: runs every way machines can go as durable actors; with `mutate` each change of one has to make a path fail. */
export async function machineTestCommand({ machines, generation }: MachineSource, options: TestCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { testMachine } = await import('../../testing/test-machine.ts');
  const reports = [];
  for (const machine of machines) reports.push(await testMachine(machine, { ...generation, crash: options.crash === true, mutate: options.mutate === true }));
  const { red, green, yellow, dim, symbols } = createScreenPalette(context.stdout, context.env);
  const lines = reports.flatMap(({ machineId, transitions, paths, crashes, uncovered, mutation, passed }) => [
    `${machineId}: ${paths.length} paths, ${transitions.covered} of ${transitions.total} transitions and outcomes of guards${options.crash ? `, ${crashes} crashes` : ''}`,
    ...paths.flatMap(({ name, failure }) => (failure === null ? [] : [red(`${symbols.failed} ${name}`), `    ${failure}`])),
    ...uncovered.map(({ item, reason }) => yellow(`  not covered: ${item} (${reason})`)),
    ...(mutation ? [`  ${mutation.mutants} changes of the machine, ${mutation.mutants - mutation.survivors.length} of them made a path fail`, ...mutation.survivors.map(({ name, reason, telling }) => (telling ? red(`${symbols.failed} unnoticed: ${name} (${reason})`) : dim(`  changes nothing: ${name} (${reason})`)))] : []),
    passed ? green(`${symbols.completed} ${machineId} goes every way as it must`) : red(`${symbols.failed} ${machineId} does not`),
  ]);
  const passed = reports.every(report => report.passed);
  return { exitCode: passed ? exitCodes.passed : exitCodes.notPassed, document: { passed, machines: reports }, text: `${lines.join('\n')}\n` };
}
