import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { reachExecution } from './reach-execution.ts';

export interface CancelCommandOptions {
  readonly message?: string;
  readonly db?: string;
}

/** `cancel`: cancels an execution; one that has settled stays as it is. */
export async function cancelCommand(id: string, options: CancelCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { executionId, flowId, database, owner, status, answer: cancelled } = await reachExecution(id, options.db, context, (reach, target) =>
    reach.cancel(target, ...(options.message === undefined ? [] : [options.message])));
  return {
    exitCode: cancelled ? exitCodes.passed : exitCodes.notPassed,
    document: { executionId, flowId, status, cancelled, deliveredTo: owner?.pid ?? null, database },
    text: cancelled ? `Cancelled ${executionId} (${flowId}).\n` : `${executionId} (${flowId}) had settled before; nothing was changed.\n`,
  };
}
