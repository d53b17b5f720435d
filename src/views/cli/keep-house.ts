import type { OwnerRecord } from '../../../persistence/records.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import type { SqliteRecordReader } from '../../open-records.ts';
import type { CommandContext } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { openClientForWork } from './database-client.ts';

/** What may be done to a database beside its executions. */
export interface House {
  readonly database: string;
  readonly reader: SqliteRecordReader;
  /** Does something through whoever owns the database. */
  reach<T>(work: (client: RuntimeClient) => Promise<T>): Promise<T>;
  /** The process through which it was done last; undefined: nobody owned the database, so it was done here. */
  owner(): OwnerRecord | undefined;
}

/** Deleted in one request: its answer must not be long in coming. */
export const pruneLimit = 1_000;

/** Looks after a database: through the process that owns it, or, when none does, by owning it for a moment. */
export async function keepHouse<T>(db: string | undefined, context: CommandContext, work: (house: House) => Promise<T>): Promise<T> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const client = openClientForWork(database, context);
  let last: OwnerRecord | undefined;
  try {
    return await work({
      database,
      reader: client.reader,
      async reach(ask) {
        const { owner, answer } = await client.reach(ask);
        last = owner;
        return answer;
      },
      owner: () => last,
    });
  } finally {
    client.close();
  }
}
