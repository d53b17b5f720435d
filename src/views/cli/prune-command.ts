import { parseDuration } from '../../core/duration.ts';
import { formatBytes } from '../terminal/made-lines.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import { ownForAMoment } from './own-for-a-moment.ts';

export interface PruneCommandOptions {
  readonly olderThan: string;
  readonly db?: string;
}

/** Deleted between two looks at how many there still are. */
const chunkSize = 1_000;

/** `prune`: deletes executions, and messages, that settled so long ago, and gives the space back. */
export async function pruneCommand({ olderThan, db }: PruneCommandOptions, context: CommandContext): Promise<CommandResult> {
  const settledBefore = context.clock.now() - parseDuration(olderThan, '--older-than');
  return ownForAMoment(db, context, async (store, database) => {
    const before = await store.getSize();
    const repeat = async (remove: () => Promise<number> | number): Promise<number> => {
      let all = 0;
      for (let count = chunkSize; count === chunkSize; all += count) count = await remove();
      return all;
    };
    const executions = await repeat(() => store.prune({ settledBefore, limit: chunkSize, at: context.clock.now() }));
    await store.compact();
    const after = await store.getSize();
    const freed = Math.max(0, before.bytes - before.freeBytes - (after.bytes - after.freeBytes));
    return {
      exitCode: exitCodes.passed,
      document: { executions, settledBefore, freedBytes: freed, database },
      text: `Deleted ${executions} ${executions === 1 ? 'execution' : 'executions'} that settled more than ${olderThan} ago: ${formatBytes(freed)} are free in ${database}\n`,
    };
  });
}
