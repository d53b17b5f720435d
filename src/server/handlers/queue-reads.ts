import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { toActorSummary } from '../../kinds/actors/actor-summary.ts';
import { readActorView } from '../../kinds/actors/read-actor-view.ts';
import { toMessageDetails } from '../../kinds/queues/message-details.ts';
import { readQueueStats } from '../../kinds/queues/queue-stats.ts';
import type { ReadHandlers } from './handler.ts';
import { cutPage, defaultLimit, readNumber } from './pages.ts';

const defaultEvents = 20;

export const queueReads: Pick<ReadHandlers, 'listQueues' | 'listMessages' | 'getMessage' | 'listActors' | 'getActor'> = {
  async listQueues(_asked, { reader, clock }) {
    return { body: { items: await readQueueStats(reader, [], clock.now()) } };
  },

  async listMessages({ params, query }, { reader }) {
    const { status = 'pending', limit = defaultLimit, cursor } = query;
    const after = readNumber(cursor);
    const found = await reader.listMessages({ queue: params.name, status, limit: limit + 1, ...(after !== undefined && { after }) });
    const { items, next } = cutPage(found, limit, ({ key }) => String(key));
    return { body: { items: items.map(toMessageDetails), next } };
  },

  async getMessage({ params }, { reader }) {
    const row = await reader.getMessage(params.id);
    if (row?.queue !== params.name) throw new FlowError('message_not_found', `Expected the id of a message in the queue ${describeValue(params.name)}, got ${describeValue(params.id)}`);
    return { body: toMessageDetails(row) };
  },

  async listActors({ query }, { reader }) {
    const { status, machine, limit = defaultLimit, cursor } = query;
    const found = (await reader.actors?.listActors({
      limit: limit + 1, ...(status && { status }), ...(machine !== undefined && { machineId: machine }), ...(cursor !== undefined && { after: cursor }),
    })) ?? [];
    const { items, next } = cutPage(found, limit, ({ actorId }) => actorId);
    return { body: { items: items.map(toActorSummary), next } };
  },

  async getActor({ params, query }, { reader }) {
    const view = await readActorView(reader, params.id, query.events ?? defaultEvents);
    if (!view) throw new FlowError('actor_not_found', `Expected the id of an actor, got ${describeValue(params.id)}`);
    return { body: view };
  },
};
