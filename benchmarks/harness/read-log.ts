import { closeSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';

const headerBytes = 32;
const frameHeaderBytes = 24;

/** The pages that each commit wrote to the write-ahead log of a database, in order. */
export function readCommits(file: string): number[][] {
  const log = openSync(`${file}-wal`, 'r');
  try {
    const header = Buffer.alloc(headerBytes);
    readSync(log, header, 0, headerBytes, 0);
    const frameBytes = frameHeaderBytes + header.readUInt32BE(8);
    const end = statSync(`${file}-wal`).size;
    const frame = Buffer.alloc(frameHeaderBytes);
    const commits: number[][] = [];
    let pages: number[] = [];
    for (let position = headerBytes; position + frameBytes <= end; position += frameBytes) {
      readSync(log, frame, 0, frameHeaderBytes, position);
      // Frames of an earlier round of the log have other salts: there are none while somebody reads, see `holdLog`.
      if (frame.compare(header, 16, 24, 8, 16) !== 0) break;
      pages.push(frame.readUInt32BE(0));
      // The frame that ends a commit says how large the database is after it.
      if (frame.readUInt32BE(4) === 0) continue;
      commits.push(pages);
      pages = [];
    }
    return commits;
  } finally {
    closeSync(log);
  }
}

/** Empties the log of a database, then keeps it from being begun anew, by reading: every frame that is written from now on stays in it. */
export function holdLog(file: string): { release(): void } {
  const database = new Database(file);
  const [{ busy } = { busy: 1 }] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  if (busy !== 0) throw new Error(`Expected the log of ${file} to be free, somebody reads or writes it`);
  database.exec('BEGIN');
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
  return { release: () => void database.close() };
}

/** Whose each page is: tables with their indexes by the table's name. The first page, and free ones, are nobody's. */
export function readPageOwners(file: string): ReadonlyMap<number, string> {
  const database = new Database(file, { readonly: true });
  try {
    const rows = database.prepare('SELECT dbstat.pageno AS page, coalesce(tbl_name, dbstat.name) AS owner FROM dbstat LEFT JOIN sqlite_schema ON sqlite_schema.name = dbstat.name').all();
    return new Map((rows as { page: number; owner: string }[]).filter(({ page }) => page !== 1).map(({ page, owner }) => [page, owner]));
  } finally {
    database.close();
  }
}
