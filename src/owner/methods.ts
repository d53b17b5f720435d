import { z } from 'zod';
import { defineMethod } from './method.ts';

const executionId = z.string().min(1).max(500).describe('the execution');
const json = z.unknown().describe('JSON');
const labels = z.record(z.string().max(200), z.string().max(200));
const status = z.enum(['pending', 'stepping', 'consolidating', 'scored', 'failed']);
const limit = z.int().min(1).max(1_000);

/** What can be asked of executions and actors. */
export const flowMethods = {
  start: defineMethod({
    scope: 'run', repeats: 'key', about: 'Starts a flow that the owner has; answers with `executionId` and `created`.',
    params: z.strictObject({
      flowId: z.string(),
      input: json.optional(),
      idempotencyKey: z.string().optional().describe('same key, same execution'),
      priority: z.number().optional(),
      labels: labels.optional(),
      isolate: z.boolean().optional().describe('whether it runs in a process of its own'),
    }),
  }),
  get: defineMethod({
    scope: 'read', redacts: true, about: 'Tells how an execution stands, with its steps.',
    params: z.strictObject({
      executionId, generation: z.int().min(1).optional(), items: z.boolean().optional().describe('also those of `for_each` steps'),
    }),
  }),
  list: defineMethod({
    scope: 'read', redacts: true, about: 'Lists executions, a page at a time; `next` of the answer is the `after` of the next page.',
    params: z.strictObject({
      status: z.array(status).max(5).optional(),
      flowId: z.string().optional(),
      labels: labels.optional().describe('those that have all of these'),
      parent: z.string().optional().describe('those that this execution has started'),
      order: z.enum(['newest', 'oldest']).optional().describe('default `newest`'),
      limit: limit.optional().describe('default 100'),
      after: z.string().max(200).optional(),
    }),
  }),
  signal: defineMethod({
    scope: 'run', repeats: 'key', about: 'Sends a signal to an execution.',
    params: z.strictObject({
      executionId, name: z.string(), payload: json.optional(), force: z.boolean().optional().describe('also one that no step takes'),
    }),
  }),
  cancel: defineMethod({
    scope: 'run', repeats: 'key', about: 'Cancels an execution; answers false when it had settled before.',
    params: z.strictObject({ executionId, message: z.string().optional() }),
  }),
  retry: defineMethod({
    scope: 'run', repeats: 'key', about: 'Runs steps of a settled execution again; answers with the number of the new generation.',
    params: z.strictObject({
      executionId,
      steps: z.array(z.string()).max(10_000).optional().describe('default: what failed'),
      cascade: z.boolean().optional().describe('whether everything downstream runs again, too; default true'),
      onNewDefinition: z.boolean().optional(),
    }),
  }),
  resume: defineMethod({
    scope: 'run', repeats: 'params', about: 'Goes on with an execution that stands still.',
    params: z.strictObject({ executionId, onNewDefinition: z.boolean().optional() }),
  }),
  delete: defineMethod({
    scope: 'operate', repeats: 'params', about: 'Deletes settled executions: all of those named, or none; answers with how many.',
    params: z.strictObject({ executionIds: z.array(executionId).min(1).max(1_000) }),
  }),
  prune: defineMethod({
    scope: 'operate', repeats: 'params', about: 'Deletes executions that settled before a time; answers with how many.',
    params: z.strictObject({ settledBefore: z.number(), limit: z.int().min(1).max(10_000) }),
  }),
  stats: defineMethod({
    scope: 'read', about: 'Runs, scores and times, by a label.',
    params: z.strictObject({ by: z.string().optional(), flowId: z.string().optional(), limit: z.int().min(1).optional() }),
  }),
  upsert: defineMethod({
    scope: 'operate', repeats: 'params', about: 'Takes definitions of flows over, all of them or none: from now on they are what is started.',
    params: z.strictObject({
      flows: z.array(z.strictObject({
        text: z.string().describe('YAML or JSON'), file: z.string().max(4_096).optional().describe('Where it is from, an absolute path'),
      })).min(1).max(10_000),
    }),
  }),
  send: defineMethod({
    scope: 'run', repeats: 'key', about: 'Sends an event to an actor; answers false when it had ended before.',
    params: z.strictObject({ address: z.string(), event: z.looseObject({ type: z.string() }) }),
  }),
  stop: defineMethod({
    scope: 'run', repeats: 'key', about: 'Stops an actor; answers false when it had ended before.',
    params: z.strictObject({ address: z.string() }),
  }),
};
