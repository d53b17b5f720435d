import { type Schema, Validator } from '@cfworker/json-schema';
import { toInputProblems } from '../definition/input-problems.ts';

/** Says why a value does not fit a JSON Schema (2020-12); undefined when it does. */
export function findMismatch(schema: unknown, value: unknown): { readonly reason: string } | { readonly unusable: string } | undefined {
  try {
    // The validator writes its own marks into the schema it is given; ours is frozen.
    const { valid, errors } = new Validator(structuredClone(schema) as Schema, '2020-12', false).validate(value);
    if (valid) return undefined;
    const [first, ...others] = toInputProblems(schema, value, errors).map(({ message }) => message.replaceAll('`input', '`value'));
    return { reason: `${first ?? 'It does not fit its schema'}${others.length > 0 ? `, and ${others.length} more` : ''}` };
  } catch (error) {
    return { unusable: error instanceof RangeError ? 'it refers to itself without end' : error instanceof Error ? error.message : String(error) };
  }
}
