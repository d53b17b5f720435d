import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import type { PublishOptions } from '../../kinds/queues/queue-api.ts';
import type { ReadContext, WriteHandlers } from './handler.ts';

/** @throws a `FlowError` with code `actor_not_found` */
async function requireActor({ reader }: ReadContext, id: string): Promise<void> {
  if (!(await reader.actors?.getActor(id))) throw new FlowError('actor_not_found', `Expected the id of an actor, got ${describeValue(id)}`);
}

const toSettled = (id: string): FlowError => new FlowError('actor_settled', `Expected an actor that is active, ${describeValue(id)} had ended before`);

type Own = 'publishMessage' | 'redriveMessages' | 'purgeMessages' | 'sendEvent' | 'stopActor' | 'syncFlows' | 'upsertFlow';

export const otherWrites: Pick<WriteHandlers, Own> = {
  async publishMessage({ params, body }, { client }) {
    const { payload, ...options } = body;
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as PublishOptions;
    const { messageId, duplicate, copies } = await client.publish(params.name, payload ?? null, given);
    return { status: 202, body: { messageId, duplicate, copies } };
  },

  async redriveMessages({ params, body }, { client }) {
    return { status: 202, body: { redriven: await client.redrive(params.name, body.messageId) } };
  },

  async purgeMessages({ params, body }, { client }) {
    return { status: 202, body: { purged: await client.purge(params.name, body.status ?? 'dead') } };
  },

  async sendEvent({ params, body }, context) {
    await requireActor(context, params.id);
    if (!(await context.client.send(params.id, body))) throw toSettled(params.id);
    return { status: 202, body: { id: params.id, type: body.type } };
  },

  async stopActor({ params }, context) {
    await requireActor(context, params.id);
    if (!(await context.client.stop(params.id))) throw toSettled(params.id);
    return { status: 202, body: { id: params.id, status: 'stopped' } };
  },

  async syncFlows(_asked, { syncFolder }) {
    if (!syncFolder) throw new FlowError('sync_unavailable', 'Expected a server that was started with a folder, as `flowstone serve DIR` is');
    const { flows, invalid } = await syncFolder();
    const count = (status: string): number => flows.filter(flow => flow.status === status).length;
    return { body: { new: count('new'), changed: count('changed'), unchanged: count('unchanged'), invalid, flows } };
  },

  async upsertFlow({ body }, { client, toFlowText }) {
    const [upserted] = await client.upsert([{ text: await toFlowText(body) }]);
    if (!upserted) throw new FlowError('internal_error', 'Expected the definition to have been taken over');
    return { body: upserted };
  },
};
