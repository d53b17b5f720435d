import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { requireInstance } from './queue-catalog.ts';
import { toMessageDetails, toOutboxMessage } from './message-details.ts';
import type { QueueCare } from './queue-api.ts';
import { readQueueStats } from './queue-stats.ts';
import { readOutboxLimit, readPeek } from './read-care-options.ts';
import type { ReconnectingClient } from '../../owner/reconnecting-client.ts';

export interface JoinedCareOptions {
  readonly read: () => RecordReader;
  readonly clock: Clock;
  readonly names: () => readonly string[];
  readonly client: ReconnectingClient;
}

/** Messages redriven in one request. */
const redriveBatch = 500;

/** Lets dead messages begin anew, a request at a time; returns how many did. */
export async function redrive(client: ReconnectingClient, queue: string, messageId?: string): Promise<number> {
  for (let redriven = 0; ; ) {
    const count = Number(await client.request('redrive', { queue, ...(messageId !== undefined && { messageId }), limit: redriveBatch }));
    redriven += count;
    if (messageId !== undefined || count < redriveBatch) return redriven;
  }
}

/** Looking after queues from any process: reads by itself, and lets the owner do the rest. */
export function createJoinedCare({ read, clock, names, client }: JoinedCareOptions): QueueCare {
  const withReader = async <T>(work: (reader: RecordReader) => T | Promise<T>): Promise<T> => {
    const reader = read();
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  };
  return {
    stats: queue => withReader(async reader => {
      const all = await readQueueStats(reader, queue === undefined ? names() : [queue], clock.now());
      return queue === undefined ? all : all.filter(stats => stats.queue === queue);
    }),
    get: messageId => withReader(async reader => {
      const row = await reader.getMessage(messageId);
      if (row) return toMessageDetails(row);
      throw new FlowError('message_not_found', `Expected the id of a message in ${reader.location}, got ${describeValue(messageId)}`);
    }),
    peek: async (queue, options) => {
      const wanted = readPeek(options);
      return withReader(async reader => (await reader.listMessages({ queue, ...wanted })).map(toMessageDetails));
    },
    redrive: (queue, messageId) => redrive(client, queue, messageId),
    purge: async (queue, status = 'dead') => (await client.request('purge', { queue, status })) as number,
    instances: () => withReader(async reader => reader.listInstances()),
    outbox: async options => {
      const limit = readOutboxLimit(options);
      return withReader(async reader => (await reader.listOutbox(0, limit)).map(toOutboxMessage));
    },
    forgetInstance: async (queue, instance) => {
      await client.request('forget', { queue, instance: requireInstance('instance', instance) });
    },
  };
}
