import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import { turns } from '../../../persistence/queue-records.ts';
import type { OpenMessage } from '../../../persistence/queue-store.ts';
import type { ReadMessages } from './message-requests.ts';
import { behindOf, freeOf, readHeads } from './message-requests.ts';

/** Of each priority so many are looked at: those that come first are the oldest, unless they have come back lately. */
const perPriority = 8;

/** Since when the oldest message of a queue waits that could be handled now, or waits only for others of its partition; undefined: none does. */
export function readOldestAt(read: ReadMessages, queue: string, now: number): Answer<number | undefined> {
  let oldest: number | undefined;
  const note = (heads: ReadonlyMap<number, readonly OpenMessage[]>): void => {
    for (const { visibleAt, dueAt } of [...heads.values()].flat()) {
      const at = Math.max(visibleAt, dueAt ?? 0);
      if ((dueAt === null || dueAt <= now) && (oldest === undefined || at < oldest)) oldest = at;
    }
  };
  const look = (instance: string | null): Answer<void> =>
    chain(readHeads(read, freeOf(queue, instance), perPriority), free =>
      chain(readHeads(read, behindOf(queue, instance), perPriority), behind => (note(free), note(behind))));
  /** From one instance to the next that something waits for. */
  const lookOn = (from: string): Answer<number | undefined> =>
    chain(read([turns.free, turns.behind].map(turn => ({ index: 'messages_open' as const, prefix: [queue, turn], from, limit: 1 }))), answers => {
      const [instance] = answers.flat().map(row => row.instance ?? '').toSorted();
      return instance === undefined ? oldest : chain(look(instance), () => lookOn(`${instance}\0`));
    });
  return chain(look(null), () => lookOn(''));
}
