import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import { encodeJson } from '../core/json.ts';
import { FlowError } from '../core/errors.ts';
import { describeValue, formatPath } from '../core/wording.ts';
import { isObject } from './outline.ts';
import type { FlowDefinition } from './schema.ts';

const validators = new WeakMap<object, Validator>();

/**
 * Checks an input against the flow's `input` schema, and fills in the schema's defaults.
 *
 * JSON Schema 2020-12, `format` included. A flow without a schema takes any JSON value. The input is not changed: where a
 * default is filled in, a copy comes back.
 *
 * @throws a `FlowError` with code `input_invalid`; `details.problems` lists path, what was expected and what was found. And
 * `value_not_json`, for an input that is no JSON
 */
export function validateInput(definition: Pick<FlowDefinition, 'id' | 'input'>, input: unknown): unknown {
  encodeJson(input, { name: 'input' });
  const schema = definition.input;
  if (schema === undefined) return input;
  const filled = fillDefaults(schema, input, 0);
  const { valid, errors } = getValidator(schema).validate(filled);
  if (valid) return filled;
  throw inputInvalid(definition.id, filled, errors);
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

/** One mistake in an input. */
export interface InputProblem {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
}

const maxListed = 20;

function inputInvalid(flowId: string, input: unknown, errors: readonly OutputUnit[]): FlowError {
  // The list also holds every schema around the one that did not fit; those say nothing of their own.
  const inner = errors.filter(({ keyword }) => !['properties', 'items', '$ref', 'allOf', 'additionalItems', 'prefixItems'].includes(keyword));
  const problems = (inner.length > 0 ? inner : errors).map(unit => toInputProblem(unit, input));
  const lines = problems.slice(0, maxListed).map(({ message }) => message);
  if (problems.length > maxListed) lines.push(`and ${problems.length - maxListed} more`);
  const [only] = lines;
  const text = lines.length === 1 && only !== undefined ? `Input of flow \`${flowId}\`: ${only}` : [`${problems.length} problems in the input of flow \`${flowId}\`:`, ...lines.map(line => `  ${line}`)].join('\n');
  const [first] = problems;
  return new FlowError('input_invalid', text, { details: { problems }, ...(first && { place: { path: first.path } }) });
}

function toInputProblem({ instanceLocation, keyword, error }: OutputUnit, input: unknown): InputProblem {
  let value = input;
  const keys: (string | number)[] = ['input'];
  for (const part of instanceLocation.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    keys.push(Array.isArray(value) ? Number(key) : key);
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  const path = formatPath(keys);
  const expected = `to fit \`${keyword}\` of its schema`;
  const found = describeValue(value);
  return { path, expected, found, message: `Expected \`${path}\` ${expected}, got ${found}: ${error.replace(/\.$/, '')}` };
}
