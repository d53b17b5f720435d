import type { OutputUnit } from '@cfworker/json-schema';
import { describeValue, formatPath } from '../core/wording.ts';
import { follow, readPointer } from './json-pointer.ts';
import { isObject } from './outline.ts';

/** One mistake in an input. */
export interface InputProblem {
  /** As `input.items[3].price`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
}

/** Keywords that only say that a schema inside them did not fit; that one speaks for itself. */
const wrappers = new Set([
  'properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'propertyNames', 'items', 'prefixItems',
  'additionalItems', 'unevaluatedItems', 'dependentSchemas', 'allOf', '$ref', '$dynamicRef', '$recursiveRef', 'if',
]);

/** Puts what a validator found into words, leaving out what only repeats. */
export function toInputProblems(schema: unknown, input: unknown, units: readonly OutputUnit[]): InputProblem[] {
  const choices = units.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const isInsideChoice = (unit: OutputUnit): boolean => choices.some(choice => unit.keywordLocation.startsWith(`${choice.keywordLocation}/`));
  const telling = units.filter(unit => !wrappers.has(unit.keyword) && !isInsideChoice(unit));
  return (telling.length > 0 ? telling : units).map(unit => toInputProblem(schema, input, unit));
}

function toInputProblem(schema: unknown, input: unknown, unit: OutputUnit): InputProblem {
  const keys: (string | number)[] = ['input'];
  let value = input;
  for (const key of readPointer(unit.instanceLocation)) {
    keys.push(Array.isArray(value) ? Number(key) : key);
    value = follow(value, [key]);
  }
  const path = formatPath(keys);
  const expected = toExpected(unit, findKeyword(schema, unit.keywordLocation));
  const found = describeValue(value);
  return { path, expected, found, message: `Expected \`${path}\` ${expected}, got ${found}` };
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
const list = (values: unknown): string => (Array.isArray(values) ? values : [values]).map(code).join(', ');

function toExpected({ keyword, error }: OutputUnit, value: unknown): string {
  switch (keyword) {
    case 'type':
      return `to be of type ${list(value)}`;
    case 'required':
      return `to have ${code(/"(.*)"/s.exec(error)?.[1] ?? list(value))}`;
    case 'false':
      return 'to be left out: the schema has no such property';
    case 'enum':
      return `to be one of ${list(value)}`;
    case 'const':
      return `to be ${code(value)}`;
    case 'pattern':
      return `to match the pattern ${code(value)}`;
    case 'format':
      return `to have the format ${code(value)}`;
    case 'minimum':
      return `to be at least ${String(value)}`;
    case 'maximum':
      return `to be at most ${String(value)}`;
    case 'exclusiveMinimum':
      return `to be above ${String(value)}`;
    case 'exclusiveMaximum':
      return `to be below ${String(value)}`;
    case 'contains':
      return 'to have items that fit `contains` of its schema';
    case 'minItems':
      return `to have at least ${String(value)} ${value === 1 ? 'item' : 'items'}`;
    case 'anyOf':
      return 'to fit one of the schemas in `anyOf`';
    case 'oneOf':
      return 'to fit exactly one of the schemas in `oneOf`';
    default:
      return value === undefined || typeof value === 'object' ? `to fit \`${keyword}\` of its schema` : `to fit \`${keyword}: ${String(value)}\` of its schema`;
  }
}

/** The value of a keyword; its location runs through the references it was reached by. */
function findKeyword(root: unknown, location: string): unknown {
  let at = root;
  for (const key of readPointer(location)) {
    const inner = follow(at, [key]);
    at = key === '$ref' && typeof inner === 'string' && inner.startsWith('#/') ? follow(root, readPointer(inner)) : inner;
  }
  return isObject(at) && Object.keys(at).length === 0 ? undefined : at;
}
