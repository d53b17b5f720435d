import type { Row, Value } from '../table.ts';
import { compareValues } from '../table.ts';

/** Rows in a chunk, at most: finding a place in one costs less than moving a longer one. */
const maxChunk = 512;

interface Place {
  readonly chunk: number;
  readonly at: number;
}

/** Rows in the order of some of their columns, which no two rows share. */
export class SortedRows {
  readonly #columns: readonly string[];
  readonly #falling: readonly string[];
  readonly #signs: readonly number[];
  #chunks: Row[][] = [];
  size = 0;

  /** @param falling those of the columns that fall */
  constructor(columns: readonly string[], falling: readonly string[] = []) {
    this.#columns = columns;
    this.#falling = falling;
    this.#signs = columns.map(column => (falling.includes(column) ? -1 : 1));
  }

  copy(): SortedRows {
    const copy = new SortedRows(this.#columns, this.#falling);
    copy.#chunks = this.#chunks.map(chunk => [...chunk]);
    copy.size = this.size;
    return copy;
  }

  get(values: readonly Value[]): Row | undefined {
    const { chunk, at } = this.#seek(values, false);
    const row = this.#chunks[chunk]?.[at];
    return row && this.#compare(row, values) === 0 ? row : undefined;
  }

  add(row: Row): void {
    const values = this.#valuesOf(row);
    const { chunk, at } = this.#seek(values, false);
    this.size++;
    // Behind the last row of all: most rows are written in their order.
    const last = this.#chunks.length - 1;
    const rows = this.#chunks[Math.min(chunk, last)];
    if (!rows) {
      this.#chunks.push([row]);
      return;
    }
    if (chunk > last) rows.push(row);
    else rows.splice(at, 0, row);
    if (rows.length <= maxChunk) return;
    const half = chunk > last ? maxChunk : rows.length >> 1;
    this.#chunks.splice(Math.min(chunk, last) + 1, 0, rows.splice(half));
  }

  remove(row: Row): void {
    const { chunk, at } = this.#seek(this.#valuesOf(row), false);
    const rows = this.#chunks[chunk];
    if (!rows || at >= rows.length) return;
    rows.splice(at, 1);
    this.size--;
    if (rows.length === 0) this.#chunks.splice(chunk, 1);
  }

  /** Rows from the first that is not below these values on; `beyond`: from the first that is above all that begin with them. */
  *rise(values: readonly Value[], beyond: boolean): Generator<Row> {
    const { chunk, at } = this.#seek(values, beyond);
    for (let index = chunk, from = at; index < this.#chunks.length; index++, from = 0) {
      const rows = this.#chunks[index] as Row[];
      for (let place = from; place < rows.length; place++) yield rows[place] as Row;
    }
  }

  /** Rows downwards, from the last that is below these values on; `including`: from the last that begins with them. */
  *fall(values: readonly Value[], including: boolean): Generator<Row> {
    const { chunk, at } = this.#seek(values, including);
    for (let index = chunk, from = at; index >= 0; index--) {
      const rows = this.#chunks[index];
      for (let place = Math.min(from, rows?.length ?? 0) - 1; rows && place >= 0; place--) yield rows[place] as Row;
      from = Number.POSITIVE_INFINITY;
    }
  }

  #valuesOf(row: Row): Value[] {
    return this.#columns.map(column => row[column] as Value);
  }

  #compare(row: Row, values: readonly Value[]): number {
    for (let index = 0; index < values.length; index++) {
      const order = compareValues(row[this.#columns[index] as string] as Value, values[index] as Value);
      if (order !== 0) return order * (this.#signs[index] as number);
    }
    return 0;
  }

  /** The first row that is not below; `beyond`: the first above. */
  #seek(values: readonly Value[], beyond: boolean): Place {
    const isBehind = (row: Row): boolean => (beyond ? this.#compare(row, values) > 0 : this.#compare(row, values) >= 0);
    const chunk = findFirst(this.#chunks.length, index => isBehind((this.#chunks[index] as Row[]).at(-1) as Row));
    const rows = this.#chunks[chunk];
    return { chunk, at: rows ? findFirst(rows.length, index => isBehind(rows[index] as Row)) : 0 };
  }
}

/** The lowest number for which this holds, as it does for all above. */
function findFirst(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
