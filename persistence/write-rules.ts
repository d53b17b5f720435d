import type { Write, WriteShape } from './contract.ts';
import type { Value } from './table.ts';

/** Whether a write that changes no row was refused. */
export const mustChange = ({ kind, keep, mayMiss, unless, when, rising }: WriteShape): boolean =>
  kind === 'update' ? mayMiss !== true : kind === 'put' ? unless !== undefined || when !== undefined || rising !== undefined : kind === 'insert' && keep !== true;

/** The key of the row that a write is for, for people. */
export function describeKey({ shape: { table, kind, columns }, values }: Write): string {
  const at = (column: string, index: number): Value | undefined => (kind === 'update' ? values[columns.length + index] : values[columns.indexOf(column)]);
  return table.key.map((column, index) => String(at(column, index))).join('/');
}
