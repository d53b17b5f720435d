import type { OwnerRecord } from '../records.ts';
import type { Table, Value } from '../table.ts';
import { MemoryTable } from './memory-table.ts';
import type { StoredValue } from './stored-values.ts';
import { fromStored, toStored } from './stored-values.ts';

interface StoredTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly StoredValue[])[];
}

interface StoredState {
  readonly epoch: number;
  readonly own: readonly (readonly [string, string])[];
  readonly tables: { readonly [name: string]: StoredTable };
}

/** Everything a memory store holds: what would be on disk, and who owns it. */
export class MemoryState {
  epoch = 0;
  /** What steps wrote in their transactions. */
  readonly own: Map<string, string>;
  /** Not part of what is on disk: goes with the process that owns. */
  holder: { readonly token: object; readonly owner: OwnerRecord } | undefined;
  /** What takes the open transaction back; undefined: none is open. */
  undos: (() => void)[] | undefined;
  readonly #tables = new Map<string, MemoryTable>();
  /** Tables that were read from text and not asked for yet. */
  readonly #unread = new Map<string, StoredTable>();

  constructor(own: Map<string, string> = new Map()) {
    this.own = own;
  }

  open(table: Table): MemoryTable {
    let open = this.#tables.get(table.name);
    if (!open) this.#tables.set(table.name, (open = this.#make(table)));
    return open;
  }

  #make(table: Table): MemoryTable {
    const made = new MemoryTable(table);
    const stored = this.#unread.get(table.name);
    this.#unread.delete(table.name);
    const rows = stored ? stored.rows.map(values => Object.fromEntries(stored.columns.map((column, index) => [column, fromStored(values[index])]))) : (table.initial ?? []);
    for (const row of rows) {
      const columns = Object.keys(row);
      made.write({ shape: { table, kind: 'insert', columns }, values: Object.values(row) }, () => {});
    }
    return made;
  }

  /** Columns that a table has; undefined: there is none of that name. */
  columnsOf(name: string): readonly string[] | undefined {
    const open = this.#tables.get(name);
    return open ? Object.keys(open.table.columns) : this.#unread.get(name)?.columns;
  }

  rollback(): void {
    const undos = this.undos ?? [];
    this.undos = undefined;
    for (const undo of undos.toReversed()) undo();
  }

  /** Copies the state as it is, without its owner. Rows are shared: they never change. */
  copy(): MemoryState {
    const copy = new MemoryState(new Map(this.own));
    copy.take(this);
    return copy;
  }

  /** Becomes what the other one is, but for its owner. */
  take(other: MemoryState): void {
    this.epoch = other.epoch;
    this.own.clear();
    for (const [name, value] of other.own) this.own.set(name, value);
    this.#tables.clear();
    this.#unread.clear();
    for (const [name, table] of other.#tables) this.#tables.set(name, table.copy());
    for (const [name, table] of other.#unread) this.#unread.set(name, table);
  }

  toText(): string {
    const tables: { [name: string]: StoredTable } = Object.fromEntries(this.#unread);
    for (const [name, table] of this.#tables) {
      const columns = Object.keys(table.table.columns);
      tables[name] = { columns, rows: table.list().map(row => columns.map(column => toStored(row[column] as Value))) };
    }
    return JSON.stringify({ epoch: this.epoch, own: [...this.own], tables } satisfies StoredState);
  }

  static fromText(text: string): MemoryState {
    const { epoch, own, tables } = JSON.parse(text) as StoredState;
    const state = new MemoryState(new Map(own));
    state.epoch = epoch;
    for (const [name, table] of Object.entries(tables)) state.#unread.set(name, table);
    return state;
  }

  /** Size as text; bytes as they are, which may be too much to be written as text. */
  measure(): number {
    let size = 0;
    for (const table of this.#tables.values()) {
      for (const row of table.list()) for (const value of Object.values(row)) size += value === null ? 4 : typeof value === 'number' ? 8 : value.length;
    }
    return size;
  }
}
