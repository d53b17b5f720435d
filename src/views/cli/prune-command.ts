import { parseDuration } from '../../core/duration.ts';
import { formatBytes } from '../terminal/made-lines.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { keepHouse, pruneLimit } from './keep-house.ts';

export interface PruneCommandOptions {
  readonly olderThan: string;
  readonly db?: string;
}

/** `prune`: deletes executions that settled so long ago, and gives the space back. */
export async function pruneCommand({ olderThan, db }: PruneCommandOptions, context: CommandContext): Promise<CommandResult> {
  const settledBefore = context.clock.now() - parseDuration(olderThan, '--older-than');
  return keepHouse(db, context, async ({ reader, database, reach, owner }) => {
    const before = await reader.getSize();
    let executions = 0;
    for (let count = pruneLimit; count === pruneLimit; executions += count) count = await reach(client => client.prune(settledBefore, pruneLimit));
    const after = await reader.getSize();
    const freed = Math.max(0, before.bytes - before.freeBytes - (after.bytes - after.freeBytes));
    return {
      exitCode: exitCodes.passed,
      document: { executions, settledBefore, freedBytes: freed, prunedBy: owner()?.pid ?? null, database },
      text: `Deleted ${executions} ${executions === 1 ? 'execution' : 'executions'} that settled more than ${olderThan} ago: ${formatBytes(freed)} are free in ${database}\n`,
    };
  });
}
