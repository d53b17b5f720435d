import { z } from 'zod';
import { defineBuiltIn } from './define-built-in.ts';
import { jsonValue } from './json-value.ts';

/** `uses: publish`: a message in the commit that completes the step. */
export const publishTool = defineBuiltIn({
  name: 'publish',
  description: 'Publishes a message to a queue, in the commit that completes the step.',
  input: z.strictObject({
    queue: z.string().min(1),
    payload: jsonValue.default(null),
    priority: z.union([z.enum(['low', 'normal', 'high', 'urgent']), z.int()]).optional(),
    delay: z.union([z.number(), z.string()]).optional(),
    idempotency_key: z.string().min(1).optional(),
    correlation_id: z.string().min(1).optional(),
    partition_key: z.string().min(1).optional(),
    to: z.union([z.enum(['one', 'all']), z.strictObject({ instance: z.string() })]).optional(),
    version: z.int().positive().optional(),
    at: z.string().min(1).optional(),
  }),
  output: z.strictObject({ messageId: z.string(), correlationId: z.string() }),
  run: async call => {
    const { queue, payload, priority, delay, idempotency_key, correlation_id, partition_key, to, version, at } = call.input;
    const correlationId = correlation_id ?? `${call.executionId}/${call.stepId}${call.item === undefined ? '' : `[${call.item}]`}`;
    const messageId = call.publish(queue, payload, {
      correlationId,
      ...(priority !== undefined && { priority }),
      ...(delay !== undefined && { delay }),
      ...(idempotency_key !== undefined && { idempotencyKey: idempotency_key }),
      ...(partition_key !== undefined && { partitionKey: partition_key }),
      ...(to !== undefined && { to }),
      ...(version !== undefined && { version }),
      ...(at !== undefined && { at }),
    });
    return { messageId, correlationId };
  },
});
