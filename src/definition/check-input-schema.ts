import { describeValue, didYouMean } from '../core/wording.ts';
import { follow, readPointer } from './json-pointer.ts';
import { isObject } from './outline.ts';
import type { Finding, Path } from './problem.ts';

const typeNames = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];
const innerSchemas = ['items', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else', 'propertyNames', 'unevaluatedProperties', 'unevaluatedItems', 'additionalItems'];
const schemaLists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const schemaMaps = ['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions'];

/** Checks that an `input` schema can be used: types that exist, patterns that compile, references inside itself. */
export function checkInputSchema(schema: unknown): Finding[] {
  return schema === undefined ? [] : checkSchema(schema, ['input'], 'the input schema');
}

/** Checks any schema of a definition; `name` is what complaints call it. */
export function checkSchema(schema: unknown, path: Path, name: string): Finding[] {
  const findings: Finding[] = [];
  visit(schema, path, findings, { root: schema, name });
  return findings;
}

interface Whole {
  readonly root: unknown;
  readonly name: string;
}

function visit(schema: unknown, path: Path, findings: Finding[], whole: Whole): void {
  if (!isObject(schema)) return;
  const { root } = whole;
  const toFinding = (at: Path, expected: string, value: unknown, hint = ''): Finding => describe(whole.name, at, expected, value, hint);
  const { type, pattern, required, $ref, properties } = schema;
  for (const name of Array.isArray(type) ? type : [type]) {
    if (name === undefined || typeNames.includes(String(name))) continue;
    const expected = typeNames.map(known => `\`${known}\``).join(', ');
    findings.push(toFinding([...path, 'type'], `one of ${expected}`, name, typeof name === 'string' ? didYouMean(name, typeNames) : ''));
  }
  if (pattern !== undefined && !isPattern(pattern)) findings.push(toFinding([...path, 'pattern'], 'a regular expression', pattern));
  if ($ref !== undefined && !isReference($ref, root)) {
    findings.push(toFinding([...path, '$ref'], 'a reference inside this schema, like `#/$defs/wallet`', $ref));
  }
  if (required !== undefined && !(Array.isArray(required) && required.every(name => typeof name === 'string'))) {
    findings.push(toFinding([...path, 'required'], 'a list of property names', required));
  }
  if (properties !== undefined && !isObject(properties)) findings.push(toFinding([...path, 'properties'], 'an object of schemas', properties));
  for (const key of innerSchemas) visit(schema[key], [...path, key], findings, whole);
  for (const key of schemaLists) {
    const list = schema[key];
    if (Array.isArray(list)) for (const [position, inner] of list.entries()) visit(inner, [...path, key, position], findings, whole);
  }
  for (const key of schemaMaps) {
    const map = schema[key];
    if (isObject(map)) for (const [name, inner] of Object.entries(map)) visit(inner, [...path, key, name], findings, whole);
  }
}

function describe(name: string, path: Path, expected: string, value: unknown, hint: string): Finding {
  const found = describeValue(value);
  const message = `Expected \`${String(path.at(-1))}\` in ${name} to be ${expected}, got ${found}${hint}`;
  return { code: 'invalid_value', path, expected, found, message };
}

function isReference(reference: unknown, root: unknown): boolean {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return false;
  return !reference.startsWith('#/') || follow(root, readPointer(reference)) !== undefined;
}

function isPattern(pattern: unknown): boolean {
  if (typeof pattern !== 'string') return false;
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
