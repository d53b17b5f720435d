/** A value of a column. Truth is 0 or 1, a document is JSON text. */
export type Value = null | number | string | Uint8Array;

/** A row, or those columns of it that were asked for. */
export interface Row {
  readonly [column: string]: Value;
}

export interface Column {
  /** `any`: a number or a text. */
  readonly type: 'integer' | 'real' | 'text' | 'bytes' | 'any';
  /** Whether it may be null. Default false. */
  readonly nullable?: boolean;
  /** Lowest and highest number it may hold. */
  readonly least?: number;
  readonly most?: number;
  /** What a row has that does not name it; default null. */
  readonly default?: Value;
}

/** Rows that an index holds; all others are not in it. */
export type Where =
  | { readonly column: string; readonly is: number | string }
  | { readonly column: string; readonly isSet: true }
  | { readonly column: string; readonly above: number };

export interface Index {
  readonly columns: readonly string[];
  /** No two rows that it holds have the same values in its columns, unless one of these is null. */
  readonly unique?: boolean;
  /** Those of its columns that fall. */
  readonly falling?: readonly string[];
  readonly where?: Where;
  /** Whether a database keeps it for the sake of `unique` alone, under a name of its own. */
  readonly unnamed?: boolean;
}

/** Which columns are set and which are null while another one has a value; values that are not listed are refused. */
export interface Lifecycle {
  readonly column: string;
  readonly states: { readonly [value: string]: { readonly set?: readonly string[]; readonly empty?: readonly string[]; readonly equal?: Row } };
}

/** Of a row in which a column is set, others are, too; or one of some columns is set. */
export type Rule = { readonly if: string; readonly set: readonly string[] } | { readonly oneOf: readonly string[] };

/** A table as data: what a store needs to know to keep its rows. */
export interface Table {
  /** As a database calls it. Columns are called `executionKey` here and `execution_key` there. */
  readonly name: string;
  readonly columns: { readonly [name: string]: Column };
  /** Columns whose values name a row. */
  readonly key: readonly string[];
  readonly indexes: { readonly [name: string]: Index };
  readonly lifecycle?: Lifecycle;
  readonly rules?: readonly Rule[];
  /** Rows that are there from the beginning. */
  readonly initial?: readonly Row[];
}

/** Checks nothing: gives what is written its type. */
export const defineTable = <const T extends Table>(table: T): T => table;

/** As a database calls it. */
export const toSqlName = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);

/** The index by which rows are asked for; none named: the key. */
export function findIndex(table: Table, name: string | undefined): Index {
  const index = name === undefined ? { columns: table.key, unique: true } : table.indexes[name];
  if (!index) throw new TypeError(`Expected an index of ${table.name}, found no \`${String(name)}\``);
  return index;
}

/** Columns by which rows of an index are ordered: its own, then a key that is a number. */
export function listOrder(table: Table, index: Index): readonly string[] {
  const [only] = table.key;
  const isNumbered = table.key.length === 1 && only !== undefined && table.columns[only]?.type === 'integer';
  return isNumbered && !index.columns.includes(only) ? [...index.columns, only] : index.columns;
}

export function isIn(where: Where | undefined, valueOf: (column: string) => Value): boolean {
  if (!where) return true;
  const value = valueOf(where.column);
  if ('is' in where) return value === where.is;
  return 'isSet' in where ? value !== null : typeof value === 'number' && value > where.above;
}

const rankOf = (value: Value): number => (value === null ? 0 : typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 3);

/** Orders values as SQLite does: nothing, numbers, texts byte by byte, bytes. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  const byRank = rankOf(a) - rankOf(b);
  return byRank !== 0 || a === null ? byRank : Buffer.compare(a as Uint8Array, b as Uint8Array);
}

/** By code point, which is the order of the bytes; JavaScript's own comparison goes by halves of pairs. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one === other) continue;
    const isPair = (code: number): boolean => code >= 0xd800 && code < 0xe000;
    return isPair(one) === isPair(other) ? one - other : isPair(one) && other >= 0xe000 ? 1 : isPair(other) && one >= 0xe000 ? -1 : one - other;
  }
  return a.length - b.length;
}
