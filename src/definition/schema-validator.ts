import { type Schema, Validator } from '@cfworker/json-schema';
import { FlowError } from '../core/errors.ts';
import { type InputProblem, toInputProblems } from './input-problems.ts';

/** How many mistakes of one value are told. */
const maxProblems = 1_000;

/**
 * Lists what is wrong with a value by a JSON Schema (2020-12), `format` included. Has no limit of its own.
 *
 * @throws a `FlowError` with code `input_schema_invalid`, when the schema cannot be used
 */
export function findProblems(schema: object | boolean, value: unknown): InputProblem[] {
  try {
    // The validator writes its own marks into the schema it is given.
    const { valid, errors } = new Validator(structuredClone(schema) as Schema, '2020-12', false).validate(value);
    return valid ? [] : toInputProblems(schema, value, errors).slice(0, maxProblems);
  } catch (error) {
    const reason = error instanceof RangeError ? 'it refers to itself without end' : String(error instanceof Error ? error.message : error);
    throw new FlowError('input_schema_invalid', reason, { cause: error });
  }
}
