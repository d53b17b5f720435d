import type { Machine } from './machine.ts';
import type { Outcome } from './run-cell.ts';
import { computeSpread } from './statistics.ts';
import type { Spread } from './statistics.ts';
import type { Measure, Trial } from './trial.ts';

/** All runs of one contestant on one case. */
export interface Row {
  readonly trial: string;
  readonly case: string;
  readonly contestant: string;
  readonly outcomes: readonly Outcome[];
}

/** Measured by every process of itself. */
const peakMemory: Measure = { key: 'rssMb', label: 'peak RSS, MB', better: 'lower' };

/** Three significant digits, thousands separated. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { minimumFractionDigits: Math.min(digits, 3), maximumFractionDigits: Math.min(digits, 3) });
}

/** `median (min–max)`, the range only when there was more than one run. */
function formatSpread({ median, min, max }: Spread): string {
  return min === max ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(min)}–${formatNumber(max)})`;
}

/** The least of what was measured. */
export const computeLeast = (row: Row, key: string): number | undefined => computeRowSpread(row, key)?.min;

function computeRowSpread(row: Row, key: string): Spread | undefined {
  const values = row.outcomes.flatMap(outcome => ('measured' in outcome ? [outcome.measured[key]] : [])).filter(value => value !== undefined);
  return values.length === 0 ? undefined : computeSpread(values);
}

/** How fast `row` is beside `other` on a measure, by the medians or the least of them; above 1 is faster. */
export function computeRatio(row: Row, other: Row | undefined, { key, better }: Measure, compare: 'median' | 'least' = 'median'): number | undefined {
  const by = compare === 'least' ? 'min' : 'median';
  const mine = computeRowSpread(row, key)?.[by];
  const theirs = other && computeRowSpread(other, key)?.[by];
  if (!mine || !theirs) return undefined;
  return better === 'higher' ? mine / theirs : theirs / mine;
}

const toLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Why a contestant has no numbers, in one line. */
function toReason(row: Row): string {
  const [first] = row.outcomes;
  if (!first) return 'did not run';
  if ('skipped' in first) return `skipped: ${first.skipped}`;
  return 'failed' in first ? `failed: ${first.failed.split('\n')[0]}` : '';
}

/**
 * One trial as a Markdown section: a row per case and contestant. `of floor` is the contestant's speed as a share of the
 * grouped floor's, `Flowstone ×` how many times faster Flowstone is; both by the trial's first measure.
 */
export function renderTrial(trial: Trial, rows: readonly Row[]): string {
  const [headline] = trial.measures;
  const measures = [...trial.measures, ...(trial.memory === false ? [] : [peakMemory])].filter(({ key }) => rows.some(row => computeRowSpread(row, key)));
  const contestants = new Set(rows.map(({ contestant }) => contestant));
  const withFloor = contestants.has('floor');
  const withOthers = contestants.has('flowstone') && contestants.size > 1;
  const head = ['case', 'contestant', ...measures.map(({ label }) => label), ...(withFloor ? ['of floor'] : []), ...(withOthers ? ['Flowstone ×'] : [])];
  const lines = rows.map(row => {
    const beside = (name: string): Row | undefined => rows.find(other => other.case === row.case && other.contestant === name);
    const cells = measures.map(({ key }) => {
      const spread = computeRowSpread(row, key);
      return spread ? formatSpread(spread) : '';
    });
    const reason = row.outcomes.some(outcome => 'measured' in outcome) ? '' : toReason(row);
    if (reason) cells[0] = reason;
    const floor = computeRatio(row, beside('floor'), headline, trial.compare);
    const flowstone = beside('flowstone');
    const times = flowstone && computeRatio(flowstone, row, headline, trial.compare);
    if (withFloor) cells.push(floor === undefined ? '' : `${formatNumber(floor * 100)} %`);
    if (withOthers) cells.push(times === undefined || row === flowstone ? '' : formatNumber(times));
    return toLine([row.case, row.contestant, ...cells]);
  });
  const summary = trial.summarise?.(rows) ?? [];
  return [`## ${trial.title}`, '', trial.about, '', toLine(head), toLine(head.map((_, index) => (index < 2 ? '---' : '--:'))), ...lines, ...(summary.length > 0 ? ['', ...summary] : []), ''].join('\n');
}

export function renderMachine(machine: Machine, iterations: number, peers?: string): string {
  const { diskSync } = machine;
  return [
    `# Benchmark of ${machine.date}`,
    '',
    `- ${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB; ${machine.system}`,
    `- Node ${machine.node}, SQLite ${machine.sqlite} (better-sqlite3 ${machine.betterSqlite3}), xstate ${machine.xstate}`,
    ...(peers ? [`- ${peers}`] : []),
    `- ${machine.fileSystem}; appending 4 KiB and syncing takes ${formatNumber(diskSync.p50)} µs (p99 ${formatNumber(diskSync.p99)} µs)`,
    `- ${iterations} ${iterations === 1 ? 'run' : 'runs'} of each, in turns, each in a process of its own: median (least–greatest)`,
    `- load average when it began: ${machine.load}${machine.load > 0.5 ? '. Something else was running: the numbers are lower than the machine can do, ratios hold better' : ''}`,
    '',
  ].join('\n');
}
