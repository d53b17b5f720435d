import { follow, readPointer } from './json-pointer.ts';
import { isObject } from './outline.ts';

/** Most pairs of a schema and a value that are compared in this thread. */
const maxPairs = 50_000;
/** Most steps of all patterns over all texts of a value. */
const maxPatternSteps = 1_000_000;

/** What checking by a schema costs. */
export interface SchemaCost {
  /** Schemas in it, each reference counted as what it refers to. */
  readonly schemas: number;
  /** Steps of its patterns over a text grow at most with this power of its length. */
  readonly patternDegree: number;
  readonly comparesItems: boolean;
}

/** Formats that look at a text once. */
const linearFormats = new Set(['date', 'time', 'date-time', 'uuid', 'ipv4', 'duration']);
const singleSchemas = ['items', 'additionalProperties', 'contains', 'not', 'if', 'then', 'else', 'propertyNames', 'unevaluatedProperties', 'unevaluatedItems', 'additionalItems'];
const schemaLists = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const schemaMaps = ['properties', 'patternProperties', 'dependentSchemas'];
/** References and such that this file does not follow. */
const unknown = ['$dynamicRef', '$recursiveRef', '$id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', 'id', 'dependencies'];

/** Computes what a schema costs; undefined: nobody can tell, or too much. */
export function computeSchemaCost(root: unknown): SchemaCost | undefined {
  const known = new Map<unknown, number>();
  let patternDegree = 0;
  let comparesItems = false;
  const count = (schema: unknown): number => {
    if (!isObject(schema)) return 1;
    const before = known.get(schema);
    if (before !== undefined) return before;
    // Until it is known: what refers to itself has no end.
    known.set(schema, Number.POSITIVE_INFINITY);
    let schemas = 1;
    const { pattern, format, $ref, patternProperties, uniqueItems } = schema;
    const patterns = [...(pattern === undefined ? [] : [pattern]), ...(isObject(patternProperties) ? Object.keys(patternProperties) : [])];
    for (const one of patterns) patternDegree = Math.max(patternDegree, toPatternDegree(String(one)));
    if (format !== undefined && !linearFormats.has(String(format))) patternDegree = Number.POSITIVE_INFINITY;
    if (uniqueItems === true) comparesItems = true;
    for (const key of ['enum', 'const', 'required', 'dependentRequired']) if (isObject(schema[key]) || Array.isArray(schema[key])) schemas += weighLiteral(schema[key]);
    if (unknown.some(key => schema[key] !== undefined)) schemas = Number.POSITIVE_INFINITY;
    if (typeof $ref === 'string') schemas += $ref === '#' || $ref.startsWith('#/') ? count(follow(root, readPointer($ref))) : Number.POSITIVE_INFINITY;
    for (const key of singleSchemas) if (isObject(schema[key])) schemas += count(schema[key]);
    for (const key of schemaLists) {
      const list = schema[key];
      if (Array.isArray(list)) for (const inner of list) schemas += count(inner);
    }
    for (const key of schemaMaps) {
      const map = schema[key];
      if (isObject(map)) for (const inner of Object.values(map)) schemas += count(inner);
    }
    known.set(schema, schemas);
    return schemas;
  };
  const schemas = count(root);
  return Number.isFinite(schemas) && Number.isFinite(patternDegree) ? { schemas, patternDegree, comparesItems } : undefined;
}

function weighLiteral(value: unknown): number {
  let weight = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    weight++;
    if (typeof next === 'object' && next !== null) for (const member of Object.values(next)) open.push(member);
  }
  return weight;
}

/** Tells whether a value is checked by such a schema in a time that nobody notices. */
export function isQuicklyChecked({ schemas, patternDegree, comparesItems }: SchemaCost, value: unknown): boolean {
  let values = 0;
  const open: unknown[] = [value];
  let steps = 0;
  const fits = (text: string): boolean => {
    if (patternDegree > 0) steps += schemas * (text.length + 1) ** patternDegree;
    return steps <= maxPatternSteps;
  };
  while (open.length > 0) {
    const next = open.pop();
    values++;
    if (values * schemas * (comparesItems ? values : 1) > maxPairs) return false;
    if (typeof next === 'string' && !fits(next)) return false;
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) for (const key of Object.keys(next)) if (!fits(key)) return false;
    for (const member of Object.values(next)) open.push(member);
    if (open.length > maxPairs) return false;
  }
  return true;
}

const maxPatternLength = 200;
/** Each choice in a pattern may double its steps. */
const maxChoices = 4;

/**
 * The power of a text's length with which the steps of a pattern grow at most; infinite: nobody can tell.
 *
 * A repetition inside another one can double with each character, and so can what refers back. Without those, each
 * repetition and each beginning is tried at every place.
 */
export function toPatternDegree(pattern: string): number {
  if (pattern.length > maxPatternLength) return Number.POSITIVE_INFINITY;
  // Classes and escaped characters are one character each.
  const simple = pattern.replaceAll(/\\(?:[pP]\{[^}]*\}|u\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^1-9k])/g, 'x').replaceAll(/\[[^\]\\]*\]/g, 'x');
  if (/[[\]\\]|\)[*+{]|\{\d{4,}/.test(simple)) return Number.POSITIVE_INFINITY;
  const choices = simple.match(/\||\)\?/g)?.length ?? 0;
  if (choices > maxChoices) return Number.POSITIVE_INFINITY;
  const repetitions = simple.replaceAll(/\(\?|\)\?|\{\d+\}/g, '').match(/[*+?{]/g)?.length ?? 0;
  const begins = simple.startsWith('^') && !simple.includes('|') ? 0 : 1;
  return Math.max(1, repetitions + begins);
}
