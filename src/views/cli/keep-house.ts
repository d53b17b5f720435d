import { hostname } from 'node:os';
import type { OwnerRecord } from '../../../persistence/records.ts';
import type { PruneParams } from '../../../persistence/store.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { SqliteReader } from '../../sqlite.ts';
import type { CommandContext } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { openForWork, openOwned } from './open-for-work.ts';
import { throughOwner } from './reach-execution.ts';

/** What may be done to a database beside its executions. */
export interface House {
  readonly database: string;
  readonly reader: SqliteReader;
  /** Deletes settled executions; returns how many, at most 1,000 of them. */
  prune(params: Omit<PruneParams, 'at' | 'limit'>): Promise<number>;
  /** The process through which it was done last; undefined: nobody owned the database, so it was done here. */
  owner(): OwnerRecord | undefined;
}

/** Deleted in one request: its answer must not be long in coming. */
export const pruneLimit = 1_000;

/** Looks after a database: through the process that owns it, or, when none does, by owning it for a moment. */
export async function keepHouse<T>(db: string | undefined, context: CommandContext, work: (house: House) => Promise<T>): Promise<T> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const reader = openForWork(database, context);
  let last: OwnerRecord | undefined;
  const prune = async (params: PruneParams): Promise<number> => {
    const store = openOwned(database, context);
    try {
      await store.acquire({ pid: process.pid, hostname: hostname(), startedAt: context.clock.now(), socket: null });
      return await store.prune({ ...params, at: context.clock.now() });
    } finally {
      store.close();
    }
  };
  try {
    return await work({
      database,
      reader,
      async prune(params) {
        const limited = { ...params, limit: pruneLimit };
        const { owner, answer } = await throughOwner(reader, (connection, { pid }) => connection.prune(limited).catch((error: unknown) => {
          if (!isFlowError(error, 'request_invalid')) throw error;
          throw new FlowError('owner_unreachable', `Expected process ${pid} to delete executions, but it runs a Flowstone that only does so by its own rules. Stop it first`, { cause: error });
        }), () => prune(limited));
        last = owner;
        return answer;
      },
      owner: () => last,
    });
  } finally {
    reader.close();
  }
}
