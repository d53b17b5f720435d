import type { Column, Index, Lifecycle, Rule, Table } from '../table.ts';
import { toSqlName } from '../table.ts';
import { createTableDiffersError } from '../store-errors.ts';
import type { SqliteConnection } from './connection.ts';
import { toCondition, toLiteral } from './table-sql.ts';

/** Statements that make a table, its indexes and the rows it begins with. */
export function toCreateSql(table: Table): string {
  const columns = Object.entries(table.columns).map(([name, column]) => toColumnSql(name, column, table));
  const unnamed = Object.values(table.indexes).filter(index => index.unnamed).map(index => toUnique(index.columns));
  const rules = (table.rules ?? []).map((rule, index) => `CONSTRAINT ${table.name}_rule_${index + 1} CHECK (${toRuleSql(rule)})`);
  const parts = [...columns, ...(isRowid(table) ? [] : [toUnique(table.key)]), ...unnamed, ...rules, ...(table.lifecycle ? [toLifecycleSql(table.name, table.lifecycle)] : [])];
  const indexes = Object.entries(table.indexes).filter(([, index]) => !index.unnamed).map(([name, index]) => toIndexSql(name, index, table));
  const rows = (table.initial ?? []).map(row => `INSERT INTO ${table.name} (${Object.keys(row).map(toSqlName).join(', ')}) VALUES (${Object.values(row).map(toLiteral).join(', ')});`);
  return [`CREATE TABLE ${table.name} (\n  ${parts.join(',\n  ')}\n) STRICT;`, ...indexes, ...rows].join('\n');
}

/**
 * Makes a table that is not there.
 *
 * @throws a `FlowError` with code `table_differs` when one of that name has other columns
 */
export function createMissing(connection: SqliteConnection, table: Table, location: string): void {
  const found = connection.prepare('SELECT name FROM pragma_table_info(?)').all(table.name) as { readonly name: string }[];
  if (found.length === 0) return connection.exec(toCreateSql(table));
  const wanted = Object.keys(table.columns).map(toSqlName);
  const is = found.map(({ name }) => name);
  if (wanted.length === is.length && wanted.every(name => is.includes(name))) return;
  throw createTableDiffersError(location, table.name, wanted, is);
}

/** A key of one number is the number under which SQLite keeps the row. */
const isRowid = ({ key, columns }: Table): boolean => key.length === 1 && columns[key[0] as string]?.type === 'integer';

const toUnique = (columns: readonly string[]): string => `UNIQUE (${columns.map(toSqlName).join(', ')})`;

function toColumnSql(name: string, { type, nullable, least, most, default: value }: Column, table: Table): string {
  const column = toSqlName(name);
  const types = { integer: 'INTEGER', real: 'REAL', text: 'TEXT', bytes: 'BLOB', any: 'ANY' } as const;
  const bounds = [...(least === undefined ? [] : [`${column} >= ${least}`]), ...(most === undefined ? [] : [`${column} <= ${most}`])];
  return [
    `${column} ${types[type]}`,
    ...(isRowid(table) && name === table.key[0] ? ['PRIMARY KEY'] : []),
    ...(nullable ? [] : ['NOT NULL']),
    ...(value === undefined ? [] : [`DEFAULT ${toLiteral(value)}`]),
    ...(bounds.length > 0 ? [`CHECK (${bounds.join(' AND ')})`] : []),
  ].join(' ');
}

function toIndexSql(name: string, { columns, unique, falling = [], where }: Index, table: Table): string {
  const sorted = columns.map(column => `${toSqlName(column)}${falling.includes(column) ? ' DESC' : ''}`).join(', ');
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${name} ON ${table.name} (${sorted})${where ? ` WHERE ${toCondition(where)}` : ''};`;
}

const allSet = (columns: readonly string[]): string => columns.map(column => `${toSqlName(column)} IS NOT NULL`).join(' AND ');

const toRuleSql = (rule: Rule): string => ('oneOf' in rule ? rule.oneOf.map(column => `${toSqlName(column)} IS NOT NULL`).join(' OR ') : `${toSqlName(rule.if)} IS NULL OR (${allSet(rule.set)})`);

/** CASE instead of IN: SQLite builds an index for every IN list at every row, half the cost of a commit. */
function toLifecycleSql(name: string, { column, states }: Lifecycle): string {
  const cases = Object.entries(states).map(([value, { set = [], empty = [], equal = {} }]) => {
    const conditions = [
      ...(set.length > 0 ? [allSet(set)] : []),
      ...empty.map(one => `${toSqlName(one)} IS NULL`),
      ...Object.entries(equal).map(([one, wanted]) => `${toSqlName(one)} IS ${toLiteral(wanted)}`),
    ];
    return `WHEN ${toLiteral(value)} THEN ${conditions.length > 0 ? conditions.join(' AND ') : '1'}`;
  });
  return `CONSTRAINT ${name}_lifecycle CHECK (CASE ${toSqlName(column)} ${cases.join(' ')} ELSE 0 END)`;
}
