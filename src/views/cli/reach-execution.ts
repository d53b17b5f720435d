import type { ExecutionStatus, OwnerRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { OwnerConnection } from '../../owner/broker-client.ts';
import { connectToOwner } from '../../owner/broker-client.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import type { CommandContext } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { requireExecution } from './find-execution.ts';
import { openForWork, openOwned } from './open-for-work.ts';

/** What can be done to an execution from outside, wherever it is hosted. */
export interface Reach {
  signal(executionId: string, name: string, payload: unknown, options?: { readonly force?: boolean }): Promise<void>;
  cancel(executionId: string, message?: string): Promise<boolean>;
}

export interface Reached<T> {
  readonly executionId: string;
  readonly flowId: string;
  readonly database: string;
  /** The process that was told; undefined: nobody owned the database, so it was done here. */
  readonly owner: OwnerRecord | undefined;
  readonly answer: T;
  /** The execution's status afterwards. */
  readonly status: ExecutionStatus;
}

/** An owner may come or go between looking and acting; after so many turns somebody is told. */
const maxTurns = 5;

/** @throws a `FlowError` with code `owner_unreachable` when nothing was asked */
export async function tellOwner<T>(owner: OwnerRecord, work: (reach: OwnerConnection) => Promise<T>): Promise<T> {
  if (owner.socket === null) {
    throw new FlowError('owner_unreachable', `Expected process ${owner.pid} to take requests, but it does not listen. Do it from inside that process, or stop it first`, { details: { owner } });
  }
  const connection = await connectToOwner(owner.socket);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

async function actAsOwner<T>(file: string, context: CommandContext, work: (reach: Reach) => Promise<T>): Promise<T> {
  const store = openOwned(file, context);
  let runtime: Awaited<ReturnType<typeof createRuntime>>;
  try {
    runtime = await createRuntime({ store, clock: context.clock, recover: false, listen: false });
  } catch (error) {
    store.close();
    throw error;
  }
  try {
    return await work(runtime);
  } finally {
    await runtime.stop();
  }
}

/** Does something through the process that owns the database, or, when none does, by owning it for a moment. */
export async function throughOwner<T>(reader: RecordReader, tell: (connection: OwnerConnection, owner: OwnerRecord) => Promise<T>, own: () => Promise<T>): Promise<{ readonly owner: OwnerRecord | undefined; readonly answer: T }> {
  for (let turn = 1; ; turn++) {
    const owner = await reader.getOwner();
    try {
      return { owner, answer: owner ? await tellOwner(owner, connection => tell(connection, owner)) : await own() };
    } catch (error) {
      const passed = isFlowError(error, 'store_owned') || (isFlowError(error, 'owner_unreachable') && owner?.socket != null);
      if (!passed || turn >= maxTurns) throw error;
    }
  }
}

/** Does something to an execution, wherever it is hosted. */
export async function reachExecution<T>(id: string, db: string | undefined, context: CommandContext, work: (reach: Reach, executionId: string) => Promise<T>): Promise<Reached<T>> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const reader = openForWork(database, context);
  try {
    const { executionId, flowId } = await requireExecution(reader, id);
    const act = (reach: Reach): Promise<T> => work(reach, executionId);
    const { owner, answer } = await throughOwner(reader, act, () => actAsOwner(database, context, act));
    const { status } = await requireExecution(reader, executionId);
    return { executionId, flowId, database, owner, answer, status };
  } finally {
    reader.close();
  }
}
