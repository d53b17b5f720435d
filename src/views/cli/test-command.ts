import { createLogUpdate } from 'log-update';
import type { FlowTestReport, TestProgress } from '../../testing/test-flow.ts';
import { renderCoverageChart } from '../mermaid/coverage-chart.ts';
import { formatDuration } from '../terminal/durations.ts';
import type { Palette } from '../terminal/palette.ts';
import { shorten } from '../terminal/plain-text.ts';
import { renderTable } from '../terminal/result-report.ts';
import { getProgressScreen, type CommandContext, type CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { findMachinePlace } from './flow-exports.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { machineTestCommand } from './machine-test-command.ts';
import { readMachineSource } from './machine-source.ts';
import type { TestCommandOptions } from './test-source.ts';
import { readTestSource } from './test-source.ts';

const barWidth = 24;
const maxFailuresShown = 10;

function renderBar({ done, total, path, crashes }: TestProgress, palette: Palette, columns: number): string {
  const full = Math.round((done / total) * barWidth);
  const bar = `${palette.green(palette.bar.full.repeat(full))}${palette.dim(palette.bar.empty.repeat(barWidth - full))}`;
  return `${bar} ${done}/${total}${crashes > 0 ? ` · ${crashes} crashes` : ''}\n${palette.dim(shorten(path, columns - 1))}`;
}

function renderReport(report: FlowTestReport, elapsedMs: number, palette: Palette, columns: number): string {
  const { transitions, paths, commits, crashes, recoveries, divergences, uncovered } = report;
  const cells = [`${transitions.covered} / ${transitions.total}`, String(paths.length), String(commits), String(crashes), String(recoveries), String(divergences), formatDuration(elapsedMs)];
  const table = renderTable(['transitions', 'paths', 'commits', 'crashes', 'recoveries', 'divergences', 'time'], [cells], columns, palette);
  const failed = paths.filter(({ passed }) => !passed);
  const failures = failed.slice(0, maxFailuresShown).flatMap(({ name, seed, divergences: found }) => [
    palette.red(`${palette.symbols.failed} ${name}${seed === undefined ? '' : ` (seed ${seed})`}`),
    ...found.slice(0, 3).map(({ at, what, expected, found: got }) => `    ${at}: ${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`),
  ]);
  return [
    table,
    ...failures,
    ...(failed.length > maxFailuresShown ? [`and ${failed.length - maxFailuresShown} more`] : []),
    ...uncovered.map(({ item, reason }) => palette.yellow(`  not covered: ${item} (${reason})`)),
    ...renderMutation(report, palette),
    '',
    failed.length === 0 ? palette.green(`${palette.symbols.completed} every path ends as it must`) : palette.red(`${palette.symbols.failed} ${failed.length} of ${paths.length} paths diverge`),
    '',
  ].join('\n');
}

function renderMutation({ mutation }: FlowTestReport, palette: Palette): string[] {
  if (!mutation) return [];
  const { mutants, killed, survivors } = mutation;
  const weights = survivors.filter(({ name, telling }) => !telling && name.endsWith(': weight changed'));
  const others = survivors.filter(survivor => !weights.includes(survivor));
  return [
    `${mutants} changes of the flow, ${killed} of them made a path fail`,
    ...others.map(({ name, reason, telling }) => {
      if (telling) return palette.red(`${palette.symbols.failed} unnoticed: ${name} (${reason})`);
      return reason.startsWith('needs values') ? palette.yellow(`  not told: ${name} (${reason})`) : palette.dim(`  changes nothing: ${name} (${reason})`);
    }),
    ...(weights.length > 0 ? [palette.dim(`  changes nothing: the weights of ${weights.length} steps (wherever these count the score is 0 or 1)`)] : []),
  ];
}

/** `test`: runs every way a flow can go against the real runtime; generated outcomes answer every `uses`. */
export async function testCommand(file: string, options: TestCommandOptions, context: CommandContext): Promise<CommandResult> {
  const place = await findMachinePlace(file, context.cwd);
  if (place) return machineTestCommand(await readMachineSource(place, options, context), options, context);
  const { definition, generation } = await readTestSource(file, options, context);
  const { testFlow } = await import('../../testing/test-flow.ts');
  const screen = getProgressScreen(context);
  const palette = createScreenPalette(screen, context.env);
  const columns = getColumns(screen);
  const draw = screen.isTTY ? createLogUpdate(screen) : undefined;
  const began = context.clock.now();
  const report = await testFlow(definition, {
    ...generation,
    crash: options.crash === true,
    mutate: options.mutate === true,
    ...(options.seeds !== undefined && { seeds: options.seeds }),
    onProgress: progress => draw?.(renderBar(progress, palette, columns)),
  });
  draw?.clear();
  const elapsedMs = context.clock.now() - began;
  const { covered, ...document } = report;
  const text = options.mermaid ? renderCoverageChart({ covered, uncovered: report.uncovered }) : renderReport(report, elapsedMs, createScreenPalette(context.stdout, context.env), getColumns(context.stdout));
  return { exitCode: report.passed ? exitCodes.passed : exitCodes.notPassed, document: { ...document, durationMs: elapsedMs }, text };
}
