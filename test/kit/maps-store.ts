import type { Request, Row, Store, StoreSize, Table, Value, Where, Write } from '../../src/kit.ts';
import type { OwnerRecord } from '../../src/kit.ts';
import {
  compareValues, createClosedError, createCommitFailedError, createNotAcquiredError, createOwnedError, createRefusedError, createStaleOwnerError, describeKey, findIndex, isIn,
  listOrder, mustChange,
} from '../../src/kit.ts';
import { isFlowError } from '../../src/index.ts';

type Rows = Map<string, Row>;

/** What several stores over the same maps share. */
export interface Maps {
  readonly tables: Map<string, Rows>;
  owner: OwnerRecord | undefined;
  epoch: number;
}

export const createMaps = (): Maps => ({ tables: new Map(), owner: undefined, epoch: 0 });

/** A store as a stranger may write it: maps, sorted at every read; nothing of Flowstone but what its kit has. */
export class MapsStore implements Store {
  readonly location = 'maps';
  readonly #maps: Maps;
  #epoch = 0;
  #closed = false;

  constructor(maps: Maps) {
    this.#maps = maps;
  }

  read(requests: readonly Request[]): Row[][] {
    this.#requireOpen();
    return requests.map(request => this.#answer(request));
  }

  owner(): OwnerRecord | undefined {
    this.#requireOpen();
    return this.#maps.owner;
  }

  size(): StoreSize {
    this.#requireOpen();
    let bytes = 0;
    for (const rows of this.#maps.tables.values()) bytes += rows.size * 100;
    return { bytes, freeBytes: 0 };
  }

  close(): void {
    if (this.#epoch === this.#maps.epoch) this.#maps.owner = undefined;
    this.#closed = true;
  }

  own(owner: OwnerRecord): void {
    this.#requireOpen();
    if (this.#maps.owner && this.#epoch !== this.#maps.epoch) throw createOwnedError(this.location, this.#maps.owner);
    this.#maps.owner = owner;
    this.#epoch = this.#maps.epoch += 1;
  }

  commit(writes: readonly Write[]): void {
    this.#requireOwned();
    const changed = new Map<string, Rows>();
    const open = (table: Table): Rows => {
      const copy = changed.get(table.name) ?? new Map(this.#rowsOf(table));
      changed.set(table.name, copy);
      return copy;
    };
    try {
      for (const write of writes) apply(write, open(write.shape.table));
    } catch (error) {
      if (isFlowError(error)) throw error;
      throw createCommitFailedError(this.location, error, 'A fault in whoever made it.');
    }
    for (const [name, rows] of changed) this.#maps.tables.set(name, rows);
  }

  compact(): void {
    this.#requireOwned();
  }

  #requireOpen(): void {
    if (this.#closed) throw createClosedError(this.location);
  }

  #requireOwned(): void {
    this.#requireOpen();
    if (this.#epoch === 0) throw createNotAcquiredError(this.location);
    if (this.#epoch !== this.#maps.epoch) throw createStaleOwnerError(this.location, this.#epoch, this.#maps.epoch);
  }

  #rowsOf(table: Table): Rows {
    const known = this.#maps.tables.get(table.name);
    if (known) return known;
    const rows: Rows = new Map((table.initial ?? []).map(row => [toKey(table, row), row]));
    this.#maps.tables.set(table.name, rows);
    return rows;
  }

  #answer(request: Request): Row[] {
    const { table, keys, count, columns = Object.keys(table.columns) } = request;
    const index = findIndex(table, request.index);
    const held = [...this.#rowsOf(table).values()].filter(row => holds(index.where, row));
    const found = keys ? keys.flatMap(key => held.filter(row => startsWith(row, index.columns, key)).slice(0, 1)) : select(request, held);
    if (count) return [{ count: found.length }];
    return found.map(row => Object.fromEntries(columns.map(column => [column, row[column] as Value])));
  }
}

const toKey = (table: Table, row: Row): string => JSON.stringify(table.key.map(column => row[column]));
const holds = (where: Where | undefined, row: Row): boolean => isIn(where, column => row[column] as Value);
const startsWith = (row: Row, columns: readonly string[], values: readonly Value[]): boolean =>
  values.every((value, at) => compareValues(row[columns[at] as string] as Value, value) === 0);

function select({ table, index: name, prefix = [], from, to, after, order = 'rising', limit }: Request, held: readonly Row[]): Row[] {
  const index = findIndex(table, name);
  const columns = [...new Set([...listOrder(table, index), ...table.key])];
  const valueOf = (row: Row, column: string): Value => row[column] as Value;
  const compare = (row: Row, values: readonly Value[], skip = 0): number => {
    for (const [at, value] of values.entries()) {
      const column = columns[at + skip] as string;
      const result = compareValues(valueOf(row, column), value) * (index.falling?.includes(column) ? -1 : 1);
      if (result !== 0) return result;
    }
    return 0;
  };
  const next = columns[prefix.length] as string;
  const sign = order === 'rising' ? 1 : -1;
  return held
    .filter(row => startsWith(row, columns, prefix))
    .filter(row => (from === undefined || compareValues(valueOf(row, next), from) >= 0) && (to === undefined || compareValues(valueOf(row, next), to) <= 0))
    .filter(row => after === undefined || compare(row, after, prefix.length) * sign > 0)
    .toSorted((a, b) => compare(a, columns.map(column => valueOf(b, column))) * sign)
    .slice(0, limit);
}

function apply(write: Write, rows: Rows): void {
  const { shape, values } = write;
  const { table, kind, columns } = shape;
  if (kind === 'remove') {
    for (const [key, row] of rows) if (startsWith(row, columns, values)) rows.delete(key);
    return;
  }
  const given = Object.fromEntries(columns.map((column, at) => [column, values[at] as Value]));
  const key = kind === 'update' ? JSON.stringify(values.slice(columns.length)) : toKey(table, given);
  const before = rows.get(key);
  if (kind === 'insert' && before) {
    if (shape.keep) return;
    throw new TypeError(`${table.name} ${key} is there already`);
  }
  if (!mayChange(write, before, given)) {
    if (mustChange(shape)) throw createRefusedError(table.name, describeKey(write));
    return;
  }
  const row = require(table, toRow(write, before, given));
  const clash = findClash(table, rows, row, key);
  if (clash && shape.keep) return;
  if (clash) throw new TypeError(`Another row of ${table.name} has the ${clash} of ${key}`);
  rows.set(key, row);
}

function mayChange({ shape: { kind, unless, when, rising } }: Write, before: Row | undefined, given: Row): boolean {
  if (!before) return kind !== 'update';
  if (unless !== undefined && before[unless] !== null) return false;
  if (when && before[when.column] !== when.is) return false;
  return rising === undefined || compareValues(before[rising] as Value, given[rising] as Value) <= 0;
}

function toRow({ shape: { table, kind, once = [], append = [] } }: Write, before: Row | undefined, given: Row): Row {
  if (kind === 'update') return { ...before, ...given, ...Object.fromEntries(append.map(column => [column, `${String(before?.[column])}${String(given[column])}`])) };
  const whole = Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, given[name] ?? column.default ?? null]));
  return before ? { ...whole, ...Object.fromEntries(once.map(column => [column, before[column] as Value])) } : whole;
}

/** The rules of the table. */
function require(table: Table, row: Row): Row {
  for (const [name, { type, nullable, least, most }] of Object.entries(table.columns)) {
    const value = row[name] ?? null;
    const types = { integer: ['number'], real: ['number'], text: ['string'], any: ['number', 'string'], bytes: ['object'] }[type];
    if (value === null ? !nullable : !types.includes(typeof value)) throw new TypeError(`${table.name}.${name} is no ${type}`);
    if (typeof value === 'number' && (value < (least ?? value) || value > (most ?? value))) throw new TypeError(`${table.name}.${name} is out of its bounds`);
  }
  const isSet = (name: string): boolean => row[name] !== null;
  for (const rule of table.rules ?? []) {
    if (!('oneOf' in rule ? rule.oneOf.some(isSet) : !isSet(rule.if) || rule.set.every(isSet))) throw new TypeError(`${table.name} breaks a rule`);
  }
  const { lifecycle } = table;
  const state = lifecycle?.states[String(row[lifecycle.column])];
  if (lifecycle && !state) throw new TypeError(`${table.name} has no such state`);
  const { set = [], empty = [], equal = {} } = state ?? {};
  if (!set.every(isSet) || empty.some(isSet) || Object.entries(equal).some(([name, value]) => row[name] !== value)) throw new TypeError(`${table.name} breaks its lifecycle`);
  return row;
}

function findClash(table: Table, rows: Rows, row: Row, key: string): string | undefined {
  for (const { columns, unique, where } of Object.values(table.indexes)) {
    if (!unique || !holds(where, row) || columns.some(column => row[column] === null)) continue;
    const values = columns.map(column => row[column] as Value);
    for (const [other, one] of rows) if (other !== key && holds(where, one) && startsWith(one, columns, values)) return columns.join(', ');
  }
  return undefined;
}
