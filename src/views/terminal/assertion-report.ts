import type { AssertionResult } from '../../core/score.ts';
import type { Palette } from './palette.ts';
import { shorten, toCompactJson, toPlainLine } from './plain-text.ts';
import { renderTable } from './result-report.ts';

/** Draws what assertions came to: those that were evaluated as a table, the others below it. */
export function renderAssertions(assertions: readonly AssertionResult[], palette: Palette, columns: number): string {
  const evaluated = assertions.filter(({ result }) => result !== 'not_evaluated');
  const others = assertions.filter(({ result }) => result === 'not_evaluated');
  const rows = evaluated.map(({ id, result, weight, type, expected, actual, reason }) => [
    id,
    result,
    String(Math.round(weight * 10_000) / 10_000),
    type,
    reason === undefined ? describeMatch(type, expected, actual) : toPlainLine(reason),
  ]);
  return [
    ...(rows.length > 0 ? [renderTable(['assertion', 'result', 'weight', 'type', ''], rows, columns, palette)] : []),
    ...(others.length > 0 ? [...(rows.length > 0 ? [''] : []), ` ${palette.dim(`${others.length} not evaluated, counted neither way:`)}`, ...others.map(({ id, reason = '' }) => palette.dim(shorten(`   ${id}: ${toPlainLine(reason)}`, columns)))] : []),
  ].join('\n');
}

const signs: { readonly [type: string]: string } = { gte: '≥', lte: '≤', change_gte: '≥', change_lte: '≤' };

function describeMatch(type: string, expected: unknown, actual: unknown): string {
  if (actual === undefined) return '';
  const sign = signs[type];
  return sign === undefined ? toCompactJson(actual, 80) : `${toCompactJson(actual, 60)} ${sign} ${toCompactJson(expected, 60)}`;
}
