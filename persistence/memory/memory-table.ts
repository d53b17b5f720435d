import type { Request, Write } from '../contract.ts';
import { describeKey, mustChange } from '../write-rules.ts';
import { createRefusedError } from '../store-errors.ts';
import { requireRow } from '../table-rules.ts';
import type { Index, Row, Table, Value } from '../table.ts';
import { compareValues, findIndex, isIn } from '../table.ts';
import { SortedRows } from './sorted-rows.ts';

interface Kept {
  readonly index: Index;
  readonly rows: SortedRows;
}

/** Called with what takes a change back. */
export type Undo = (undo: () => void) => void;

/** The rows of one table, and its indexes. Rows are frozen and replaced whole. */
export class MemoryTable {
  readonly #table: Table;
  readonly #rows: SortedRows;
  readonly #indexes: ReadonlyMap<string, Kept>;

  constructor(table: Table, from?: MemoryTable) {
    this.#table = table;
    this.#rows = from ? from.#rows.copy() : new SortedRows(table.key);
    this.#indexes = from
      ? new Map(Array.from(from.#indexes, ([name, { index, rows }]) => [name, { index, rows: rows.copy() }]))
      : new Map(Object.entries(table.indexes).map(([name, index]) => [name, { index, rows: new SortedRows([...index.columns, ...table.key], index.falling) }]));
  }

  copy(): MemoryTable {
    return new MemoryTable(this.#table, this);
  }

  get table(): Table {
    return this.#table;
  }

  list(): Row[] {
    return [...this.#rows.rise([], false)];
  }

  read(request: Request): Row[] {
    const found = request.keys ? this.#find(request.index, request.keys) : [...this.#stretch(request)];
    if (request.count) return [{ count: found.length }];
    const { columns = Object.keys(this.#table.columns) } = request;
    return found.map(row => Object.fromEntries(columns.map(column => [column, row[column] as Value])));
  }

  #find(name: string | undefined, keys: readonly (readonly Value[])[]): Row[] {
    const columns = findIndex(this.#table, name).columns;
    const { rows } = this.#keptBy(name);
    return keys.flatMap(key => {
      const [row] = rows.rise(key, false);
      return row && key.every((value, index) => compareValues(row[columns[index] as string] as Value, value) === 0) ? [row] : [];
    });
  }

  *#stretch({ index: name, prefix = [], from, to, after, order = 'rising', limit = Number.POSITIVE_INFINITY }: Request): Generator<Row> {
    const { index, rows } = this.#keptBy(name);
    const columns = [...index.columns, ...this.#table.key];
    const next = columns[prefix.length] as string;
    const rising = order === 'rising';
    const edge = after ?? (rising ? from : to);
    const begin = edge === undefined ? prefix : [...prefix, ...(Array.isArray(edge) ? (edge as Value[]) : [edge as Value])];
    const all = rising ? rows.rise(begin, after !== undefined) : rows.fall(begin, after === undefined);
    let count = 0;
    for (const row of all) {
      if (count === limit || prefix.some((value, at) => compareValues(row[columns[at] as string] as Value, value) !== 0)) return;
      const value = row[next] as Value;
      if (to !== undefined && compareValues(value, to) > 0) {
        if (rising) return;
        continue;
      }
      if (from !== undefined && compareValues(value, from) < 0) {
        if (!rising) return;
        continue;
      }
      count++;
      yield row;
    }
  }

  #keptBy(name: string | undefined): Kept {
    const kept = name === undefined ? { index: findIndex(this.#table, undefined), rows: this.#rows } : this.#indexes.get(name);
    if (!kept) throw new TypeError(`Expected an index of ${this.#table.name}, found no \`${name}\``);
    return kept;
  }

  write(write: Write, undo: Undo): void {
    const { shape, values } = write;
    if (shape.kind === 'remove') return this.#remove(shape.columns, values, undo);
    const given = Object.fromEntries(shape.columns.map((column, index) => [column, values[index] as Value]));
    const key = shape.kind === 'update' ? values.slice(shape.columns.length) : this.#table.key.map(column => given[column] as Value);
    const before = this.#rows.get(key);
    if (shape.kind === 'insert') {
      if (before && shape.keep) return;
      if (before) throw new TypeError(`The row ${this.#table.name} ${key.join('/')} is stored already, and is written once`);
      if (shape.keep && this.#findClash(this.#complete(given), undefined)) return;
    }
    const mayChange = before === undefined ? shape.kind !== 'update' : this.#mayChange(write, before, given);
    if (!mayChange) {
      if (mustChange(shape)) throw createRefusedError(this.#table.name, describeKey(write));
      return;
    }
    this.#replace(before, this.#toRow(write, before, given), undo);
  }

  #mayChange({ shape: { unless, when, rising } }: Write, before: Row, given: Row): boolean {
    if (unless !== undefined && before[unless] !== null) return false;
    if (when && before[when.column] !== when.is) return false;
    return rising === undefined || (before[rising] as number) <= (given[rising] as number);
  }

  #toRow({ shape }: Write, before: Row | undefined, given: Row): Row {
    if (shape.kind !== 'update') {
      const kept = before ? Object.fromEntries((shape.once ?? []).map(column => [column, before[column] as Value])) : {};
      return this.#complete({ ...given, ...kept });
    }
    const added = Object.fromEntries((shape.append ?? []).map(column => [column, `${String(before?.[column])}${String(given[column])}`]));
    return { ...before, ...given, ...added };
  }

  #complete(given: Row): Row {
    return Object.fromEntries(Object.entries(this.#table.columns).map(([name, column]) => [name, given[name] ?? column.default ?? null]));
  }

  #remove(columns: readonly string[], values: readonly Value[], undo: Undo): void {
    const begins = (list: readonly string[]): boolean => columns.every((column, index) => list[index] === column);
    const name = begins(this.#table.key) ? undefined : Object.keys(this.#table.indexes).find(one => begins(this.#table.indexes[one]?.columns ?? []) && !this.#table.indexes[one]?.where);
    if (name === undefined && !begins(this.#table.key)) throw new TypeError(`Expected an index of ${this.#table.name} that begins with ${columns.join(', ')}`);
    for (const row of Array.from(this.#stretch({ table: this.#table, ...(name !== undefined && { index: name }), prefix: values }))) this.#replace(row, undefined, undo);
  }

  #replace(before: Row | undefined, after: Row | undefined, undo: Undo): void {
    const row = after && requireRow(this.#table, after);
    const clash = row && this.#findClash(row, before);
    if (clash) throw new TypeError(`The ${clash} of ${this.#table.name} ${this.#table.key.map(column => String(row?.[column])).join('/')} is in use already`);
    this.#put(before, row);
    undo(() => this.#put(row, before));
  }

  #put(before: Row | undefined, after: Row | undefined): void {
    if (before) this.#rows.remove(before);
    if (after) this.#rows.add(after);
    for (const { index, rows } of this.#indexes.values()) {
      if (before && isIn(index.where, column => before[column] as Value)) rows.remove(before);
      if (after && isIn(index.where, column => after[column] as Value)) rows.add(after);
    }
  }

  /** The unique columns that another row has the values of. */
  #findClash(row: Row, before: Row | undefined): string | undefined {
    for (const { index, rows } of this.#indexes.values()) {
      if (!index.unique || !isIn(index.where, column => row[column] as Value)) continue;
      const values = index.columns.map(column => row[column] as Value);
      if (values.includes(null)) continue;
      const [found] = rows.rise(values, false);
      const isSame = found !== undefined && index.columns.every((column, at) => compareValues(found[column] as Value, values[at] as Value) === 0);
      if (isSame && found !== before) return index.columns.join(', ');
    }
    return undefined;
  }
}
