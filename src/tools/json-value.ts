import { z } from 'zod';
import { findNotJson } from '../core/json.ts';

/** Any JSON value, passed on as it is: zod's own `z.json()` copies objects, and a key `__proto__` is lost on the way. */
export const jsonValue = z.custom<unknown>(value => findNotJson(value) === undefined, { error: 'Expected a JSON value' });

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of texts, passed on as it is: zod's own `z.record()` leaves a key `__proto__` out. */
export const textRecord = (text: z.ZodType<string> = z.string()) =>
  z
    .custom<Record<string, string>>(isRecord, { error: 'Invalid input: expected record' })
    .superRefine((record, context) => {
      for (const [key, value] of Object.entries(record)) {
        for (const [what, part] of [['key', key], ['value', value]] as const) {
          for (const { message } of text.safeParse(part).error?.issues ?? []) context.addIssue({ code: 'custom', path: [key], message: what === 'key' ? `Invalid key: ${message}` : message });
        }
      }
    })
    .meta({ type: 'object', additionalProperties: { type: 'string' } });
