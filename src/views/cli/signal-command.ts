import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { readJsonArgument } from './json-argument.ts';
import { reachExecution } from './reach-execution.ts';
import { createSuggest } from './suggest-command.ts';

export interface SignalCommandOptions {
  readonly force?: boolean;
  readonly db?: string;
}

/** `signal`: sends a signal to an execution. */
export async function signalCommand(id: string, name: string, payloadText: string | undefined, options: SignalCommandOptions, context: CommandContext): Promise<CommandResult> {
  const payload = payloadText === undefined ? null : readJsonArgument(payloadText, 'the payload', context.cwd);
  const { executionId, flowId, database, owner, status } = await reachExecution(id, options.db, context, (reach, target) => reach.signal(target, name, payload, options.force ? { force: true } : {}));
  const settled = status === 'scored' || status === 'failed';
  const then = settled ? `It is ${status} now.` : owner ? `Process ${owner.pid} has it.` : `Stored; to go on: ${createSuggest(context, options)(`resume ${executionId}`)}`;
  return {
    exitCode: exitCodes.passed,
    document: { executionId, flowId, status, signal: name, payload, deliveredTo: owner?.pid ?? null, database },
    text: `Sent signal ${name} to ${executionId} (${flowId}). ${then}\n`,
  };
}
