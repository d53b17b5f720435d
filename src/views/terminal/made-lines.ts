import type { FileReport } from '../../kinds/flows/artifacts/output-files.ts';
import type { InteractionTotals } from '../../kinds/flows/interactions/interaction.ts';
import { formatDuration } from './durations.ts';
import type { Palette } from './palette.ts';
import { toPlainLine } from './plain-text.ts';

const number = new Intl.NumberFormat('en');

/** `1.2 MB`: bytes as people read them. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

/** Costs are in whatever currency the client counts: a bare number. */
export const formatCost = (cost: number): string => String(Number(cost.toPrecision(4)));

/** What an execution has made, in one line each; nothing of which there is none. */
export function renderMade(made: { readonly artifacts?: { readonly count: number; readonly bytes: number } | undefined; readonly totals?: InteractionTotals | undefined; readonly files?: FileReport | undefined }, palette: Palette): string[] {
  const { artifacts, totals, files } = made;
  const lines: string[] = [];
  if (artifacts && artifacts.count > 0) lines.push(`  ${palette.dim('artifacts')}  ${artifacts.count}, ${formatBytes(artifacts.bytes)}`);
  if (totals && totals.calls > 0) {
    const { calls, failed, cancelled, pending, totalTokens, cost, durationMs } = totals;
    const others = [[pending, 'pending'], [failed, 'failed'], [cancelled, 'cancelled']].filter(([count]) => count !== 0).map(([count, what]) => `, ${count} ${what}`).join('');
    lines.push(`  ${palette.dim('models')}     ${calls} ${calls === 1 ? 'call' : 'calls'}${others}, ${number.format(totalTokens)} tokens, cost ${formatCost(cost)}, ${formatDuration(durationMs)} altogether`);
  }
  if (files) {
    const { folder, written, unchanged, failed } = files;
    lines.push(`  ${palette.dim('files')}      ${toPlainLine(folder)}: ${written.length + unchanged} of ${written.length + unchanged + failed.length}`);
    for (const { file, message } of failed.slice(0, 10)) lines.push(`  ${palette.red(palette.symbols.failed)} ${toPlainLine(file)}: ${toPlainLine(message)}`);
  }
  return lines;
}
