import { type OutputUnit, type Schema, type ValidationResult, Validator } from '@cfworker/json-schema';
import { encodeJson } from '../core/json.ts';
import { FlowError } from '../core/errors.ts';
import { toInputProblems } from './input-problems.ts';
import { isObject } from './outline.ts';
import type { FlowDefinition } from './schema.ts';

const validators = new WeakMap<object, Validator>();

/**
 * Checks an input against the flow's `input` schema, and fills in the schema's defaults.
 *
 * JSON Schema 2020-12, `format` included. A flow without a schema takes any JSON value. The input is not changed; with a
 * schema a copy comes back.
 *
 * @throws a `FlowError` with code `input_invalid`: `details.problems` lists path, what was expected and what was found; or
 * `value_not_json`; or `input_schema_invalid`, when the schema itself cannot be used
 */
export function validateInput(definition: Pick<FlowDefinition, 'id' | 'input'>, input: unknown): unknown {
  const text = encodeJson(input, { name: 'input' });
  const schema = definition.input;
  if (schema === undefined) return input;
  const filled = fillDefaults(schema, input === undefined ? undefined : JSON.parse(text), 0) ?? null;
  const { valid, errors } = validate(definition.id, schema, filled);
  if (valid) return filled;
  throw inputInvalid(definition.id, schema, filled, errors);
}

function validate(flowId: string, schema: object | boolean, input: unknown): ValidationResult {
  try {
    return getValidator(schema).validate(input);
  } catch (error) {
    const reason = error instanceof RangeError ? 'it refers to itself without end' : String(error instanceof Error ? error.message : error);
    throw new FlowError('input_schema_invalid', `Expected the input schema of flow \`${flowId}\` to be one that inputs can be checked with: ${reason}`, { cause: error });
  }
}

function getValidator(schema: object | boolean): Validator {
  if (typeof schema === 'boolean') return new Validator(schema, '2020-12', false);
  let validator = validators.get(schema);
  if (!validator) {
    // The validator writes its own marks into the schema it is given; ours is frozen.
    validator = new Validator(structuredClone(schema) as Schema, '2020-12', false);
    validators.set(schema, validator);
  }
  return validator;
}

const maxDefaultDepth = 50;
const maxListed = 20;

function fillDefaults(schema: unknown, value: unknown, depth: number): unknown {
  if (!isObject(schema) || depth > maxDefaultDepth) return value;
  if (value === undefined) return 'default' in schema ? schema['default'] : undefined;
  const { properties, items } = schema;
  if (Array.isArray(value)) return isObject(items) ? value.map(member => fillDefaults(items, member, depth + 1)) : value;
  if (!isObject(value) || !isObject(properties)) return value;
  let filled: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(properties)) {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    const result = fillDefaults(inner, member, depth + 1);
    if (result === member) continue;
    filled ??= { ...value };
    filled[name] = result;
  }
  return filled ?? value;
}

function inputInvalid(flowId: string, schema: object | boolean, input: unknown, errors: readonly OutputUnit[]): FlowError {
  const problems = toInputProblems(schema, input, errors);
  const lines = problems.slice(0, maxListed).map(({ message }) => message);
  if (problems.length > maxListed) lines.push(`and ${problems.length - maxListed} more`);
  const [first] = problems;
  const message =
    problems.length === 1 && first
      ? `Input of flow \`${flowId}\`: ${first.message}`
      : [`${problems.length} problems in the input of flow \`${flowId}\`:`, ...lines.map(line => `  ${line}`)].join('\n');
  return new FlowError('input_invalid', message, { details: { problems }, ...(first && { place: { path: first.path } }) });
}
