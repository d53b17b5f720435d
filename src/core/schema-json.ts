import { z } from 'zod';
import type { StandardSchema } from './standard-schema.ts';

/** What a schema says of its output as JSON Schema; undefined: its library cannot write it so. */
export function toJsonSchema(schema: StandardSchema): unknown {
  if ('_zod' in schema) return z.toJSONSchema(schema as unknown as z.ZodType, { io: 'output', unrepresentable: 'any' });
  return schema['~standard'].jsonSchema?.output({ target: 'draft-2020-12' });
}
