import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { reachExecution } from './reach-execution.ts';
import { createSuggest } from './suggest-command.ts';

export interface CancelCommandOptions {
  readonly message?: string;
  readonly db?: string;
}

/** `cancel`: cancels an execution; one that has settled stays as it is. */
export async function cancelCommand(id: string, options: CancelCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { executionId, flowId, database, owner, status, answer: cancelled } = await reachExecution(id, options.db, context, (reach, target) =>
    reach.cancel(target, ...(options.message === undefined ? [] : [options.message])));
  // Its always-steps run before it settles.
  const isCleaningUp = cancelled && status !== 'failed';
  const then = owner ? `process ${owner.pid} runs them` : `to run them: ${createSuggest(context, options)(`resume ${executionId}`)}`;
  return {
    exitCode: cancelled ? exitCodes.passed : exitCodes.notPassed,
    document: { executionId, flowId, status, cancelled, deliveredTo: owner?.pid ?? null, database },
    text: cancelled ? `Cancelled ${executionId} (${flowId}).${isCleaningUp ? ` Its always-steps are still to run; ${then}` : ''}\n` : `${executionId} (${flowId}) had settled before; nothing was changed.\n`,
  };
}
