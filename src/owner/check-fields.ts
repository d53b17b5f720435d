import type { z } from 'zod';
import { FlowError } from '../core/errors.ts';

/** Shows at most so many characters of what another program has written. */
const maxShown = 200;

/**
 * Checks an object of another program against a schema of strict objects.
 *
 * @param name what it is, for the message, such as `` `signal` ``
 * @param code of the error when a field has a wrong value
 * @throws a `FlowError` with code `field_unknown` when a field is not known, else with the code that was given
 */
export function checkFields<T>(schema: z.ZodType<T>, value: unknown, name: string, code: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const unknown = error.issues.find(issue => issue.code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') {
    const field = [...unknown.path, unknown.keys[0]].join('.').slice(0, maxShown);
    throw new FlowError('field_unknown', `Expected only known fields in ${name}, got \`${field}\`. A newer program may have written it`, {
      details: { field },
    });
  }
  const [issue] = error.issues;
  const where = issue?.path.join('.').slice(0, maxShown) ?? '';
  const what = issue?.message.slice(0, maxShown) ?? '';
  throw new FlowError(code, `Expected ${name} as the protocol has it: ${what}${where === '' ? '' : ` at \`${where}\``}`);
}
