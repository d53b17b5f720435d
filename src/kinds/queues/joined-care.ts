import type { RecordReader } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { requireInstance } from './create-request.ts';
import { toMessageDetails, toOutboxMessage } from './message-details.ts';
import type { QueueCare } from './queue-api.ts';
import { readQueueStats } from './queue-stats.ts';
import { readOutboxLimit, readPeek } from './read-care-options.ts';
import type { RoamingPort } from './roaming-port.ts';

export interface JoinedCareOptions {
  readonly read: () => RecordReader;
  readonly clock: Clock;
  readonly names: () => readonly string[];
  readonly port: RoamingPort;
}

/** Looking after queues from any process: reads by itself, and lets the owner do the rest. */
export function createJoinedCare({ read, clock, names, port }: JoinedCareOptions): QueueCare {
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
    redrive: (queue, messageId) => port.reach(station => station.redrive(queue, messageId)),
    purge: (queue, status = 'dead') => port.reach(station => station.purge(queue, status)),
    instances: () => withReader(async reader => reader.listInstances()),
    outbox: async options => {
      const limit = readOutboxLimit(options);
      return withReader(async reader => (await reader.listOutbox(0, limit)).map(toOutboxMessage));
    },
    forgetInstance: (queue, instance) => port.reach(station => station.forget(queue, requireInstance('instance', instance))),
  };
}
