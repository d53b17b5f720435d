import type { OwnerRecord } from '../../../persistence/records.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import { silentLogger } from '../../core/logger.ts';
import { systemRandom } from '../../core/ids.ts';
import type { SqliteRecordReader } from '../../open-records.ts';
import { openSqliteReader } from '../../open-records.ts';
import type { Carrier } from '../../owner/carrier.ts';
import { ReconnectingClient } from '../../owner/reconnecting-client.ts';
import { connectSocket } from '../../owner/socket-carrier.ts';
import type { Runtime } from '../../runtime/api.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { createClientName } from '../../runtime/create-client.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import { ConnectedClient } from '../../runtime/runtime-client.ts';
import { getSessions } from '../../runtime/sessions-of.ts';
import type { CommandContext } from './command-context.ts';
import { openOwned } from './open-owned.ts';

/** Longest wait for an owner, and for what it answers, ms. */
const timeoutMs = 10_000;

type Context = Pick<CommandContext, 'clock' | 'stderr' | 'env' | 'cwd'>;

/** What was done, and who did it. */
export interface Reached<T> {
  /** The process that was told; undefined: nobody owned the database, so it was done here. */
  readonly owner: OwnerRecord | undefined;
  readonly answer: T;
}

/** A database as commands see it: it is read from its file, and changed by whoever owns it. */
export class DatabaseClient {
  readonly database: string;
  readonly reader: SqliteRecordReader;
  readonly #context: Context;

  constructor(database: string, reader: SqliteRecordReader, context: Context) {
    this.database = database;
    this.reader = reader;
    this.#context = context;
  }

  close(): void {
    this.reader.close();
  }

  /**
   * Does something through the process that owns the database, or, when none does, by owning it for a moment.
   *
   * @param alone what to do in place of that when nobody owns it
   * @throws a `FlowError` with code `owner_unreachable` when the owner takes no requests; nothing was asked then
   */
  async reach<T>(work: (client: RuntimeClient, owner: OwnerRecord | undefined) => Promise<T>, alone?: () => Promise<T>): Promise<Reached<T>> {
    for (;;) {
      if (alone && !(await this.reader.getOwner())) {
        const done = await this.#unlessOwned(alone);
        if (done) return { owner: undefined, answer: done.answer };
      }
      const connecting = new Connecting(this.database, this.reader, this.#context, alone === undefined);
      try {
        await connecting.client.begin(timeoutMs);
        const { clock } = this.#context;
        const client = new ConnectedClient(connecting.client, clock, createClientName(clock.now()));
        const answer = await work(client, connecting.owner);
        return { owner: connecting.owner, answer };
      } catch (error) {
        // The owner has gone before it was asked: then it may be done here.
        if (!alone || !isFlowError(error, 'owner_missing')) throw error;
      } finally {
        await connecting.end();
      }
    }
  }

  /** @returns undefined: somebody has become the owner meanwhile */
  async #unlessOwned<T>(alone: () => Promise<T>): Promise<{ readonly answer: T } | undefined> {
    try {
      return { answer: await alone() };
    } catch (error) {
      if (!isFlowError(error, 'store_owned') || !(await this.reader.getOwner())) throw error;
      return undefined;
    }
  }
}

/** Finds the owner of a database, or is it for a moment. */
class Connecting {
  readonly client: ReconnectingClient;
  /** Whom it was connected to last; undefined: this process. */
  owner: OwnerRecord | undefined;
  readonly #database: string;
  readonly #reader: SqliteRecordReader;
  readonly #context: Context;
  #runtime: Runtime | undefined;

  constructor(database: string, reader: SqliteRecordReader, context: Context, mayOwn: boolean) {
    this.#database = database;
    this.#reader = reader;
    this.#context = context;
    const { clock } = context;
    this.client = new ReconnectingClient({
      open: () => this.#open(mayOwn), clock, random: systemRandom, logger: silentLogger, connection: { clock, timeoutMs }, timeoutMs,
      // One that does not listen never will.
      passes: error => isFlowError(error, 'store_owned') || (isFlowError(error, 'owner_unreachable') && this.owner?.socket !== null) || isFlowError(error, 'owner_silent'),
    });
  }

  async #open(mayOwn: boolean): Promise<Carrier> {
    if (this.#runtime) return getSessions(this.#runtime).connect();
    const owner = this.#reader.getOwner();
    this.owner = owner;
    if (owner?.socket === null) {
      throw new FlowError('owner_unreachable', `Expected process ${owner.pid} to take requests, but it does not listen. Do it from inside that process, or stop it first`, { details: { owner } });
    }
    if (owner) return connectSocket(owner.socket, this.#context.clock, timeoutMs);
    if (!mayOwn) throw new FlowError('owner_missing', `Expected an owner of ${this.#database}, found none any more`);
    this.#runtime = await this.#own();
    return getSessions(this.#runtime).connect();
  }

  async #own(): Promise<Runtime> {
    const { clock } = this.#context;
    const store = openOwned(this.#database, this.#context);
    try {
      return await createRuntime({ store, clock, recover: false, listen: false, retentionMs: null });
    } catch (error) {
      store.close();
      throw error;
    }
  }

  async end(): Promise<void> {
    this.client.close(new FlowError('client_closed', 'The command has ended'));
    await this.#runtime?.stop();
  }
}

/** Opens a database to read it, and for nothing else. */
export const openToRead = (file: string): SqliteRecordReader => openSqliteReader({ file });

/** Opens a database to look at it. @param outdated one of an older version is read as it is; default: refused */
export function openClient(database: string, context: Context, { outdated }: { readonly outdated?: 'read' } = {}): DatabaseClient {
  return new DatabaseClient(database, openSqliteReader({ file: database, ...(outdated && { outdated }) }), context);
}

/**
 * Opens a database to do something to it, here or by its owner.
 *
 * One of an older version is brought up to date first, as it would be by whoever works on it next. While a program of
 * that version owns it, it is read as it is: that program does the work.
 */
export function openClientForWork(database: string, context: Context): DatabaseClient {
  try {
    return openClient(database, context);
  } catch (error) {
    if (!isFlowError(error, 'store_outdated')) throw error;
  }
  try {
    openOwned(database, context).close();
  } catch (error) {
    if (!isFlowError(error, 'store_owned')) throw error;
  }
  return openClient(database, context, { outdated: 'read' });
}
