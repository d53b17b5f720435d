import type { ExecutionRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import { keepHouse, pruneLimit } from './keep-house.ts';

export interface DeleteCommandOptions {
  readonly db?: string;
}

/** `delete`: deletes settled executions with all that is stored of them: all of those named, or none. */
export async function deleteCommand(ids: readonly string[], { db }: DeleteCommandOptions, context: CommandContext): Promise<CommandResult> {
  if (ids.length > pruneLimit) throw new FlowError('usage_invalid', `Expected at most ${pruneLimit} executions to delete, got ${ids.length}`);
  return keepHouse(db, context, async ({ reader, database, reach, owner }) => {
    const records: ExecutionRecord[] = [];
    for (const id of ids) records.push(await requireExecution(reader, id));
    const unsettled = records.find(({ settledAt }) => settledAt === null);
    if (unsettled) {
      throw new FlowError('execution_unsettled', `Expected settled executions to delete, ${unsettled.executionId} is ${unsettled.status}. Cancel it first. Nothing was deleted`, { details: { executionId: unsettled.executionId } });
    }
    const executionIds = [...new Set(records.map(({ executionId }) => executionId))];
    const deleted = await reach(client => client.delete(executionIds));
    return { exitCode: exitCodes.passed, document: { deleted: executionIds, deletedBy: owner()?.pid ?? null, database }, text: `Deleted ${deleted} ${deleted === 1 ? 'execution' : 'executions'}: ${executionIds.join(', ')}\n` };
  });
}
