import { z } from 'zod';
import { defineMethod, defineTopic } from './method.ts';

const executionId = z.string().min(1).max(500);
const generation = z.int().min(1).optional().describe('default: the newest');
const name = z.string().min(1).max(500);
const limit = z.int().min(1).max(1_000).optional().describe('default 100');

/** What a page asks that shows all there is of an execution, of actors and of queues. */
export const inspectMethods = {
  inspect: defineMethod({
    scope: 'read', redacts: true,
    about: 'Tells all that is stored of one execution: its plan, journal, steps, attempts, inputs, outputs, documents, model calls, children and actors. Topic `execution` goes on from there.',
    params: z.strictObject({
      executionId, generation, journal: z.boolean().optional().describe('also its transitions; default true'),
      rows: z.enum(['none', 'steps', 'all']).optional().describe('rows of steps, attempts and inputs: none, without items of `for_each` steps, or all; default `all`'),
    }),
  }),
  journal: defineMethod({
    scope: 'read', redacts: true,
    about: 'Tells a piece of the journal of one execution: `commits`, oldest first, and `isAll` when there are no more.',
    params: z.strictObject({
      executionId, generation, after: z.int().nonnegative().optional().describe('number of a transition; default 0: from the first on'),
      limit: z.int().min(1).max(20_000).optional().describe('commits; default 5,000'),
    }),
  }),
  flows: defineMethod({
    scope: 'read', redacts: true, about: 'Lists the flows that can be started: `id`, `version`, `description`, and the schema of their `input`, or null.',
    params: z.strictObject({}),
  }),
  coverage: defineMethod({
    scope: 'read', redacts: true,
    about: 'Counts what the stored executions of a flow did, a slice at a time: ask again until `isDone`. Answers with `coverage`, and the `definition` of the newest of them, or null.',
    params: z.strictObject({
      flowId: name, digest: name.optional().describe('only executions of this definition'), since: z.number().nonnegative().optional().describe('only those created then or later, epoch ms'),
    }),
  }),
  actors: defineMethod({
    scope: 'read', redacts: true, about: 'Lists machines of people\'s own by their ids, a page at a time: `actors`, and `next`, the `after` of the next page, or null.',
    params: z.strictObject({ status: z.enum(['active', 'done', 'error', 'stopped']).optional(), machineId: name.optional(), after: z.string().max(1_000).optional(), limit }),
  }),
  actor: defineMethod({
    scope: 'read', redacts: true, about: 'Tells of one such machine: its `view`, with the last events that it took, and its `structure`, JSON text, or null.',
    params: z.strictObject({ actorId: z.string().min(1).max(1_000) }),
  }),
  queues: defineMethod({
    scope: 'read', about: 'Tells how the queues are doing that hold messages, by name.',
    params: z.strictObject({}),
  }),
  messages: defineMethod({
    scope: 'read', redacts: true, about: 'Lists messages of a queue: settled ones newest first, all others in the order of publishing. Answers with `messages` and `next`.',
    params: z.strictObject({ queue: name, status: z.enum(['pending', 'processing', 'retrying', 'completed', 'dead']), after: z.int().nonnegative().optional(), limit }),
  }),
  messagesOf: defineMethod({
    scope: 'read', redacts: true, about: 'Finds messages that steps of an execution have published or received, among the newest 500 of each queue and state.',
    params: z.strictObject({ executionId }),
  }),
};

/** What only a server tells, by the store alone. */
export const serverMethods = {
  tested: defineMethod({
    scope: 'read',
    about: 'Over HTTP only: tells which transitions the paths of `flowstone test` take in a stored definition: `paths`, `covered`, `uncovered`, `truncated` when more than 500 paths are possible.',
    params: z.strictObject({ digest: name }),
  }),
};

export const inspectTopics = {
  logs: defineTopic({
    scope: 'read', redacts: true,
    about: 'Lines that handlers of an execution log from now on. They are not stored: a `commit` has lines, whoever is slow misses those before the last 500.',
    params: z.strictObject({ executionId }),
  }),
};
