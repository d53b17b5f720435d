import type { MessageRecord, MessageStatus } from '../../persistence/queue-records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { toMessageDetails } from '../kinds/queues/message-details.ts';
import type { MessageDetails } from '../kinds/queues/queue-api.ts';

/** Messages of a queue and a state that are looked at: no index has them by the step that published them. */
const maxLooked = 500;

export interface FoundMessages {
  readonly messages: readonly MessageDetails[];
  /** False: there were more than were looked at. */
  readonly isAll: boolean;
}

/** Finds messages that steps of an execution have published or received, by the time of publishing. */
export async function findMessages(store: RecordReader, executionId: string): Promise<FoundMessages> {
  const found: MessageRecord[] = [];
  let isAll = true;
  for (const { queue, status, count } of await store.countMessages()) {
    if (count > maxLooked) isAll = false;
    found.push(...(await listLatest(store, queue, status, count)).filter(message => isOf(message, executionId)));
  }
  return { messages: found.toSorted((a, b) => a.key - b.key).map(toMessageDetails), isAll };
}

/** Unsettled messages are listed oldest first: of many, those at the beginning are looked at, which wait longest. */
const listLatest = async (store: RecordReader, queue: string, status: MessageStatus, count: number): Promise<readonly MessageRecord[]> =>
  count === 0 ? [] : store.listMessages({ queue, status, limit: maxLooked });

const isOf = ({ source, claimedBy }: MessageRecord, executionId: string): boolean =>
  source?.startsWith(`${executionId}/`) === true || claimedBy?.startsWith(`flow:${executionId}/`) === true;
