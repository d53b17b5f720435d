import { z } from 'zod';

/** A value of the user's: inputs, outputs, payloads. The one place where an answer has anything. */
export const json = z.unknown().meta({ id: 'Json', description: 'A value of yours, any JSON' });

export const time = z.number().describe('Epoch ms');
export const maybeTime = z.number().nullable().describe('Epoch ms; null: not yet, or never');
export const count = z.int().nonnegative();
export const ms = z.number().nonnegative().describe('Milliseconds');

export const executionId = z.string().min(1).max(500).describe('The execution');
export const limit = z.coerce.number().int().min(1).max(1_000).describe('At most so many, 1 to 1,000');
export const generation = z.coerce.number().int().min(1).max(1_000_000).describe('Which life of it, from 1. Default: the newest');
export const cursor = z.string().min(1).max(1_000).describe('`next` of the page before');
export const flag = z.enum(['true', 'false', '1', '0', '']).transform(text => text !== 'false' && text !== '0');

export const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), json).optional(),
}).meta({ id: 'Failure', description: 'Why something failed' });

/** The label under which `agent` of a run is kept. */
export const labels = z.record(z.string().min(1).max(200), z.string().max(200)).describe('Marks, for lists and statistics');
