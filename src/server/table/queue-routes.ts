import { z } from 'zod';
import { pageOf } from './execution-schemas.ts';
import { actorStatus, actorSummary, actorView, messageDetails, messageStatus, published, queueStats } from './made-schemas.ts';
import { defineRoutes } from './route.ts';
import { count, cursor, json, limit } from './values.ts';

const queues = 'Queues';
const actors = 'Actors';
const name = z.string().min(1).max(500);
const queue = z.strictObject({ name });
const actor = z.strictObject({ id: z.string().min(1).max(1_000).describe('The address of its root') });
const owned = ['runtime_faulted', 'owner_unreachable', 'server_read_only'];

export const queueRoutes = defineRoutes({
  listQueues: {
    method: 'GET', path: '/queues', scope: 'read', group: queues, about: 'Tells how the queues are doing that hold messages.',
    answers: { 200: { about: 'By name', schema: z.strictObject({ items: z.array(queueStats) }).meta({ id: 'Queues' }) } },
  },
  listMessages: {
    method: 'GET', path: '/queues/{name}/messages', scope: 'read', group: queues, about: 'Lists messages of a queue: settled ones newest first, all others in the order of publishing.', params: queue, cache: 'all',
    query: z.strictObject({ status: messageStatus.optional().describe('Default `pending`'), limit: limit.optional(), cursor: cursor.optional() }),
    answers: { 200: { about: 'A page; default 100', schema: pageOf(messageDetails).meta({ id: 'MessagePage' }) } },
  },
  getMessage: {
    method: 'GET', path: '/queues/{name}/messages/{id}', scope: 'read', group: queues, about: 'Tells of a message, and everything that happened to it.', cache: 'all',
    params: z.strictObject({ name, id: z.string().min(1).max(500) }),
    answers: { 200: { about: 'The message', schema: messageDetails } }, problems: ['message_not_found'],
  },
  publishMessage: {
    method: 'POST', path: '/queues/{name}/messages', scope: 'run', group: queues, about: 'Publishes a message to a queue that the owner declares.', params: queue,
    body: {
      schema: z.strictObject({
        payload: json,
        priority: z.union([z.int(), z.enum(['low', 'normal', 'high', 'urgent'])]).optional(),
        delay: z.union([z.number().nonnegative(), z.string().max(50)]).optional(),
        idempotencyKey: z.string().min(1).max(500).optional(),
        correlationId: z.string().min(1).max(500).optional(),
        partitionKey: z.string().min(1).max(500).optional(),
        to: z.union([z.enum(['one', 'all']), z.strictObject({ instance: z.string().min(1).max(500) })]).optional(),
        version: z.int().positive().optional(),
      }),
    },
    answers: { 202: { about: 'It is stored', schema: published } }, problems: ['queue_unknown', 'payload_invalid', 'queue_full', ...owned],
  },
  redriveMessages: {
    method: 'POST', path: '/queues/{name}/redrive', scope: 'operate', group: queues, about: 'Lets dead messages begin anew: one, or all.', params: queue,
    body: { schema: z.strictObject({ messageId: z.string().min(1).max(500).optional() }), optional: true },
    answers: { 202: { about: 'How many did', schema: z.strictObject({ redriven: count }).meta({ id: 'Redriven' }) } }, problems: owned,
  },
  purgeMessages: {
    method: 'POST', path: '/queues/{name}/purge', scope: 'operate', group: queues, about: 'Deletes settled messages.', params: queue,
    body: { schema: z.strictObject({ status: z.enum(['dead', 'completed']).optional().describe('Default `dead`') }), optional: true },
    answers: { 202: { about: 'How many are gone', schema: z.strictObject({ purged: count }).meta({ id: 'Purged' }) } }, problems: owned,
  },
  listActors: {
    method: 'GET', path: '/actors', scope: 'read', group: actors, about: 'Lists machines of your own, by id.', cache: 'all',
    query: z.strictObject({ status: actorStatus.optional(), machine: name.optional(), limit: limit.optional(), cursor: cursor.optional() }),
    answers: { 200: { about: 'A page; default 100', schema: pageOf(actorSummary).meta({ id: 'ActorPage' }) } },
  },
  getActor: {
    method: 'GET', path: '/actors/{id}', scope: 'read', group: actors, about: 'Tells of an actor, of all actors below it, and of the events it took last.', params: actor, cache: 'actor',
    query: z.strictObject({ events: z.coerce.number().int().min(0).max(1_000).optional().describe('So many of the last events. Default 20') }),
    answers: { 200: { about: 'The actor', schema: actorView } }, problems: ['actor_not_found'],
  },
  sendEvent: {
    method: 'POST', path: '/actors/{id}/events', scope: 'run', group: actors, about: 'Sends an event to an actor.', params: actor,
    body: { schema: z.object({ type: z.string().min(1).max(500) }).catchall(json) },
    answers: { 202: { about: 'It is stored', schema: z.strictObject({ id: z.string(), type: z.string() }).meta({ id: 'SentEvent' }) } },
    problems: ['actor_not_found', 'actor_settled', 'event_reserved', ...owned],
  },
  stopActor: {
    method: 'POST', path: '/actors/{id}/stop', scope: 'run', group: actors, about: 'Stops an actor, with all below it.', params: actor,
    answers: { 202: { about: 'It has stopped', schema: z.strictObject({ id: z.string(), status: z.literal('stopped') }).meta({ id: 'StoppedActor' }) } },
    problems: ['actor_not_found', 'actor_settled', ...owned],
  },
});
