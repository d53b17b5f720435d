import type { Request, WriteShape } from '../contract.ts';
import type { Table, Value, Where } from '../table.ts';
import { findIndex, listOrder, toSqlName } from '../table.ts';

/** A value inside a statement. */
export function toLiteral(value: Value): string {
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return typeof value === 'string' ? `'${value.replaceAll(`'`, `''`)}'` : value === null ? 'NULL' : String(value);
}

export function toCondition(where: Where): string {
  const column = toSqlName(where.column);
  if ('is' in where) return `${column} = ${toLiteral(where.is)}`;
  return 'isSet' in where ? `${column} IS NOT NULL` : `${column} > ${where.above}`;
}

const toColumns = (names: readonly string[]): string => names.map(name => (toSqlName(name) === name ? name : `${toSqlName(name)} AS ${name}`)).join(', ');

/** What tells one statement from another; requests that differ only in values share it. */
export function toShapeKey({ table, index, keys, prefix, from, to, after, order, limit, columns, count }: Request): string {
  const ends = `${from === undefined ? '' : 'f'}${to === undefined ? '' : 't'}${order === 'falling' ? 'd' : ''}${limit === undefined ? '' : 'l'}${count ? 'c' : ''}`;
  return `${table.name}/${index ?? ''}/${keys ? 'k' : ''}${prefix?.length ?? 0}/${after?.length ?? 0}/${ends}/${columns?.join() ?? ''}`;
}

/** Conditions, order and limit as `listValues` has their values. */
export function toSelect({ table, index: name, keys, prefix = [], from, to, after, order = 'rising', limit, columns, count }: Request): string {
  const index = findIndex(table, name);
  const selected = count ? 'count(*) AS count' : toColumns(columns ?? Object.keys(table.columns));
  const source = `SELECT ${selected} FROM ${table.name}${name === undefined || index.unnamed ? '' : ` INDEXED BY ${name}`}`;
  const own = index.where ? [toCondition(index.where)] : [];
  if (keys) return `${source} WHERE ${[...index.columns.map(column => `${toSqlName(column)} = ?`), ...own].join(' AND ')}`;
  const ordered = listOrder(table, index);
  const rest = ordered.slice(prefix.length).map(toSqlName);
  const [next] = rest;
  // Nothing is equal to null; a column that may hold it is compared otherwise.
  const isEqual = (column: string): string => `${toSqlName(column)} ${table.columns[column]?.nullable ? 'IS' : '='} ?`;
  if (after && index.falling) throw new TypeError(`Expected an index of ${table.name} whose columns all rise, to go on behind a row of it`);
  const behind = rest.slice(0, after?.length ?? 0);
  const conditions = [
    ...ordered.slice(0, prefix.length).map(isEqual),
    ...own,
    ...(from === undefined ? [] : [`${next} >= ?`]),
    ...(to === undefined ? [] : [`${next} <= ?`]),
    ...(after === undefined ? [] : [`(${behind.join(', ')}) ${order === 'rising' ? '>' : '<'} (${behind.map(() => '?').join(', ')})`]),
  ];
  const direction = (column: string): string => ((index.falling ?? []).map(toSqlName).includes(column) === (order === 'rising') ? ' DESC' : '');
  const sorted = count || rest.length === 0 ? '' : ` ORDER BY ${rest.map(column => `${column}${direction(column)}`).join(', ')}`;
  return `${source}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}${sorted}${limit === undefined ? '' : ' LIMIT ?'}`;
}

export function listValues({ prefix, from, to, after, limit }: Request): Value[] {
  const values: Value[] = prefix ? [...prefix] : [];
  if (from !== undefined) values.push(from);
  if (to !== undefined) values.push(to);
  if (after) values.push(...after);
  if (limit !== undefined) values.push(limit);
  return values;
}

const placeholders = (columns: readonly string[]): string => columns.map(() => '?').join(', ');
const equal = (columns: readonly string[]): string => columns.map(column => `${toSqlName(column)} = ?`).join(' AND ');

/** Conditions under which a row that is there may be changed. */
function toGuard({ table, unless, when, rising }: WriteShape): string[] {
  return [
    ...(unless === undefined ? [] : [`${table.name}.${toSqlName(unless)} IS NULL`]),
    ...(when === undefined ? [] : [`${table.name}.${toSqlName(when.column)} ${when.is === null ? 'IS NULL' : `= ${toLiteral(when.is)}`}`]),
    ...(rising === undefined ? [] : [`${table.name}.${toSqlName(rising)} <= excluded.${toSqlName(rising)}`]),
  ];
}

/** A write as a statement that takes its values in their order. */
export function toWriteSql(shape: WriteShape): string {
  const { table, kind, columns, keep, append = [] } = shape;
  if (kind === 'remove') return `DELETE FROM ${table.name} WHERE ${equal(columns)}`;
  if (kind === 'update') {
    const changes = columns.map(column => `${toSqlName(column)} = ${append.includes(column) ? `${toSqlName(column)} || ` : ''}?`);
    return `UPDATE ${table.name} SET ${changes.join(', ')} WHERE ${[equal(table.key), ...toGuard(shape)].join(' AND ')}`;
  }
  const insert = `INSERT INTO ${table.name} (${columns.map(toSqlName).join(', ')}) VALUES (${placeholders(columns)})`;
  if (kind === 'insert') return keep ? `${insert} ON CONFLICT DO NOTHING` : insert;
  return `${insert} ON CONFLICT (${table.key.map(toSqlName).join(', ')}) ${toReplacement(shape, table)}`;
}

function toReplacement(shape: WriteShape, table: Table): string {
  const replaced = Object.keys(table.columns).filter(column => !table.key.includes(column) && !shape.once?.includes(column)).map(toSqlName);
  if (replaced.length === 0) return 'DO NOTHING';
  const guard = toGuard(shape);
  return `DO UPDATE SET ${replaced.map(column => `${column} = excluded.${column}`).join(', ')}${guard.length > 0 ? ` WHERE ${guard.join(' AND ')}` : ''}`;
}
