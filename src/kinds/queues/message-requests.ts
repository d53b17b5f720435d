import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import { turns } from '../../../persistence/queue-records.ts';
import type { MessageRequest, OpenMessage } from '../../../persistence/queue-store.ts';

/** How messages are read: all answers are of one moment. */
export type ReadMessages = (requests: readonly MessageRequest[]) => Answer<OpenMessage[][]>;

/** Where in an index messages are, in front of their priority. */
export interface Stretch {
  readonly index: MessageRequest['index'];
  readonly prefix: MessageRequest['prefix'];
}

/** What may be handed out of a queue: to anybody, or to one instance. */
export const freeOf = (queue: string, instance: string | null): Stretch => ({ index: 'messages_open', prefix: [queue, turns.free, instance] });
/** What is behind others of its partition. */
export const behindOf = (queue: string, instance: string | null): Stretch => ({ index: 'messages_open', prefix: [queue, turns.behind, instance] });
export const claimedOf = (queue: string): MessageRequest => ({ index: 'messages_open', prefix: [queue, turns.claimed] });

/** What carries a correlation id, for anybody. */
export const correlatedOf = (queue: string, correlationId: string, turn: number): Stretch => ({ index: 'messages_correlated', prefix: [queue, correlationId, turn, null] });

/** The first of each priority in a partition: free, claimed or away. */
export const headsOf = (queue: string, instance: string | null, partition: string): MessageRequest =>
  ({ index: 'messages_lane', prefix: [queue, partition, instance], to: turns.away });

/** Those that come next in a partition and priority. */
export const nextOf = (queue: string, instance: string | null, partition: string, priority: number, limit: number): MessageRequest =>
  ({ index: 'messages_lane', prefix: [queue, partition, instance, turns.behind, priority], limit });

/** Those of a turn whose time comes within a stretch of time. */
export const dueOf = (turn: number, from: number, to: number, limit: number): MessageRequest => ({ index: 'messages_due', prefix: [turn], from, to, limit });

/**
 * The first of each priority in a stretch, the highest priority first: one look for the next priority, one for its first.
 *
 * @param limit of each priority
 */
export function readHeads(read: ReadMessages, { index, prefix }: Stretch, limit: number): Answer<Map<number, OpenMessage[]>> {
  const heads = new Map<number, OpenMessage[]>();
  const next = (below: number | undefined): Answer<Map<number, OpenMessage[]>> =>
    chain(read([{ index, prefix, ...(below !== undefined && { to: below - 1 }), order: 'falling', limit: 1 }]), ([[last] = [] as OpenMessage[]]) => {
      if (last === undefined) return heads;
      const { priority } = last;
      return chain(read([{ index, prefix: [...prefix, priority], limit }]), ([rows = []]) => {
        heads.set(priority, rows);
        return next(priority);
      });
    });
  return next(undefined);
}
