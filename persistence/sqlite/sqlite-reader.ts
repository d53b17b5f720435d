import type { Request, StoreReader, StoreSize } from '../contract.ts';
import type { OwnerRecord } from '../records.ts';
import { createClosedError } from '../store-errors.ts';
import type { Row } from '../table.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import { toReadError } from './errors.ts';
import { readHandleOwner } from './handle-owner.ts';
import { readSize } from './maintenance.ts';
import { closeDatabase } from './open.ts';
import type { OpenedDatabase } from './open.ts';
import { readOwner } from './owner.ts';
import { listValues, toSelect, toShapeKey } from './table-sql.ts';

/** Reads a SQLite store, also while another process owns and writes it. Made by `openSqliteReader`. */
export class SqliteReader implements StoreReader {
  readonly location: string;
  protected readonly opened: OpenedDatabase;
  readonly #selects = new Map<string, SqliteStatement>();
  #closed = false;

  constructor(opened: OpenedDatabase) {
    this.opened = opened;
    this.location = opened.path ?? ':memory:';
  }

  read(requests: readonly Request[]): Row[][] {
    const connection = this.requireOpen();
    try {
      const isOne = requests.length === 1 && (requests[0]?.keys?.length ?? 1) <= 1;
      if (isOne || connection.inTransaction) return requests.map(request => this.#select(connection, request));
      return connection.snapshot(() => requests.map(request => this.#select(connection, request)));
    } catch (error) {
      throw toReadError(this.location, error);
    }
  }

  #select(connection: SqliteConnection, request: Request): Row[] {
    const shape = toShapeKey(request);
    let statement = this.#selects.get(shape);
    if (!statement) this.#selects.set(shape, (statement = connection.prepare(toSelect(request))));
    if (!request.keys) return statement.all(...listValues(request)) as Row[];
    const rows: Row[] = [];
    for (const key of request.keys) {
      const row = statement.get(...key) as Row | undefined;
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  owner(): OwnerRecord | undefined {
    const connection = this.requireOpen();
    const { path } = this.opened;
    try {
      return path === undefined ? readHandleOwner(connection.database) : readOwner(path, connection.driver);
    } catch (error) {
      throw toReadError(this.location, error);
    }
  }

  size(): StoreSize {
    const connection = this.requireOpen();
    try {
      return readSize(connection, this.opened.path);
    } catch (error) {
      throw toReadError(this.location, error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#selects.clear();
    closeDatabase(this.opened);
  }

  protected requireOpen(): SqliteConnection {
    if (this.#closed) throw createClosedError(this.location);
    return this.opened.connection;
  }
}
