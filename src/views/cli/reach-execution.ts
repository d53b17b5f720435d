import type { ExecutionStatus } from '../../../persistence/records.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import type { CommandContext } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import type { Reached } from './database-client.ts';
import { openClientForWork } from './database-client.ts';
import { requireExecution } from './find-execution.ts';

export interface ReachedExecution<T> extends Reached<T> {
  readonly executionId: string;
  readonly flowId: string;
  readonly database: string;
  /** The execution's status afterwards. */
  readonly status: ExecutionStatus;
}

/** Does something to an execution, wherever it is hosted. */
export async function reachExecution<T>(id: string, db: string | undefined, context: CommandContext, work: (client: RuntimeClient, executionId: string) => Promise<T>): Promise<ReachedExecution<T>> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const client = openClientForWork(database, context);
  try {
    const { executionId, flowId } = await requireExecution(client.reader, id);
    const { owner, answer } = await client.reach(runtime => work(runtime, executionId));
    const { status } = await requireExecution(client.reader, executionId);
    return { executionId, flowId, database, owner, answer, status };
  } finally {
    client.close();
  }
}
