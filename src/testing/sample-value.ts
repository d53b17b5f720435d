import { isDeepStrictEqual } from 'node:util';
import type { Shape } from './expression-shape.ts';

/** A JSON Schema, as far as values are made from it. */
type Schema = { readonly [key: string]: unknown };

/** What is known about a value: what a schema says, and how expressions use it. */
export interface Known {
  /** Undefined: nothing is said, so that its use tells. */
  readonly schema: unknown;
  /** The whole schema, for what refers to a part of it. */
  readonly root: unknown;
  readonly shape: Shape | undefined;
  /** What texts are made of, so that values can be told apart. */
  readonly name: string;
}

const element = '[]';
const maxDepth = 8;
const isRecord = (value: unknown): value is Schema => typeof value === 'object' && value !== null && !Array.isArray(value);

function resolve(schema: unknown, root: unknown, depth = 0): unknown {
  if (!isRecord(schema) || typeof schema['$ref'] !== 'string' || depth > maxDepth) return schema;
  let at: unknown = root;
  for (const part of schema['$ref'].replace(/^#\/?/, '').split('/').filter(one => one !== '')) at = isRecord(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  return resolve(at, root, depth + 1);
}

/** Whether a schema says next to nothing: then the use of the value tells more. */
function isOpen(schema: unknown): boolean {
  if (!isRecord(schema)) return true;
  const ways = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(ways)) return ways.length >= 4;
  return !['type', 'const', 'enum', 'allOf', 'properties', 'items', 'examples', 'default'].some(key => key in schema);
}

/** The part of what is known that is about a member; `[]`: about the members of a list. */
export function toMember({ schema, root, shape, name }: Known, key: string): Known {
  const own = resolve(schema, root);
  const schemas = isRecord(own) ? [own, ...[own['anyOf'], own['oneOf'], own['allOf']].flatMap(list => (Array.isArray(list) ? list.map(one => resolve(one, root)) : []))] : [];
  const parts = schemas.filter(isRecord).map(one => (key === element ? one['items'] : (isRecord(one['properties']) ? one['properties'][key] : undefined) ?? one['additionalProperties']));
  const found = parts.find(part => part !== undefined && part !== false);
  return { schema: found, root, shape: shape?.members.get(key), name: key === element ? name : name === '' ? key : `${name} ${key}` };
}

/**
 * Makes a value that fits; another one for each `variant`.
 *
 * What is optional is there. Where no schema says anything, the use of the value in expressions decides.
 */
export function sampleValue(known: Known, variant: number, depth = 0): unknown {
  const schema = resolve(known.schema, known.root);
  if (isOpen(schema) || depth > maxDepth) return sampleShape(known, variant, depth);
  const { const: constant, enum: values, examples, anyOf, oneOf, allOf, type } = schema as Schema;
  if (constant !== undefined) return constant;
  const pick = (list: readonly unknown[]): unknown => list[variant % list.length];
  if (Array.isArray(values) && values.length > 0) return pick(values);
  if (Array.isArray(examples) && variant < examples.length) return examples[variant];
  if (variant === 0 && (schema as Schema)['default'] !== undefined && !isRecord((schema as Schema)['default'])) return (schema as Schema)['default'];
  const ways = anyOf ?? oneOf;
  if (Array.isArray(ways) && ways.length > 0) {
    const useful = ways.filter(way => !(isRecord(way) && way['type'] === 'null'));
    return sampleValue({ ...known, schema: pick(useful.length > 0 ? useful : ways) }, variant, depth + 1);
  }
  if (Array.isArray(allOf)) return Object.assign({}, ...allOf.map(part => sampleValue({ ...known, schema: part }, variant, depth + 1)));
  const kind = Array.isArray(type) ? type.find(one => one !== 'null') : (type ?? ('properties' in (schema as Schema) ? 'object' : 'array'));
  if (kind === 'object') return sampleObject(schema as Schema, known, variant, depth);
  if (kind === 'array') return sampleList(schema as Schema, known, variant, depth);
  if (kind === 'boolean') return variant % 2 === 0;
  if (kind === 'integer' || kind === 'number') return sampleNumber(schema as Schema, known, variant);
  return kind === 'string' ? sampleText(schema as Schema, known, variant) : null;
}

function sampleObject(schema: Schema, known: Known, variant: number, depth: number): unknown {
  const { properties, additionalProperties, required } = schema;
  const names = new Set([...(isRecord(properties) ? Object.keys(properties) : []), ...(Array.isArray(required) ? required.map(String) : [])]);
  if (additionalProperties !== false) for (const name of known.shape?.members.keys() ?? []) if (name !== element) names.add(name);
  return Object.fromEntries([...names].map(name => [name, sampleValue(toMember(known, name), variant, depth + 1)]));
}

function sampleList({ minItems = 0, maxItems = Number.MAX_SAFE_INTEGER }: Schema, known: Known, variant: number, depth: number): unknown[] {
  const length = Math.min(Math.max(2, Number(minItems)), Number(maxItems));
  return Array.from({ length }, (_, index) => sampleValue({ ...toMember(known, element), name: `${known.name} ${index + 1}` }, variant + index, depth + 1));
}

function sampleNumber({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, type }: Schema, { shape, name }: Known, variant: number): number {
  const literal = [...(shape?.literals ?? [])].find(one => typeof one === 'number');
  const least = Number(minimum ?? (exclusiveMinimum === undefined ? Number.NEGATIVE_INFINITY : Number(exclusiveMinimum) + 1));
  const most = Number(maximum ?? (exclusiveMaximum === undefined ? Number.POSITIVE_INFINITY : Number(exclusiveMaximum) - 1));
  const wanted = (literal === undefined ? 2 + (name.length % 5) : literal + 1) + variant * 7;
  const value = Math.min(Math.max(wanted, least), most);
  const other = value === most && variant > 0 && Number.isFinite(most) ? Math.max(most - variant, least) : value;
  const step = Number(multipleOf ?? (type === 'integer' ? 1 : 0));
  return step > 0 ? Math.ceil(other / step) * step : other;
}

const formats: { readonly [format: string]: readonly string[] } = {
  'date-time': ['2026-01-31T09:00:00Z', '2026-03-01T10:30:00Z'], date: ['2026-01-31', '2026-03-01'], time: ['09:00:00Z', '10:30:00Z'], email: ['ada@example.org', 'bob@example.org'],
  uri: ['https://example.org/a', 'https://example.org/b'], url: ['https://example.org/a', 'https://example.org/b'], uuid: ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'],
  ipv4: ['192.0.2.1', '192.0.2.2'], hostname: ['a.example.org', 'b.example.org'], duration: ['PT1M', 'PT1H'],
};

function sampleText({ format, minLength = 0, maxLength = Number.MAX_SAFE_INTEGER }: Schema, { shape, name }: Known, variant: number): string {
  const known = formats[String(format)];
  if (known) return known[variant % known.length] as string;
  const literals = [...(shape?.literals ?? [])].filter(one => typeof one === 'string');
  const text = variant === 0 && literals[0] !== undefined ? literals[0] : toText(name, variant);
  return text.padEnd(Number(minLength), 'x').slice(0, Number(maxLength));
}

const toText = (name: string, variant: number): string => (variant === 0 ? name || 'text' : `${name || 'text'}, ${variant + 1}`);

/** A value as expressions use it. */
function sampleShape(known: Known, variant: number, depth: number): unknown {
  const { shape, name } = known;
  if (!shape || depth > maxDepth) return toText(name, variant);
  const { kinds, literals, members } = shape;
  const member = members.get(element);
  const names = [...members.keys()].filter(key => key !== element);
  if (names.length > 0 && !(member && kinds.has('list'))) return Object.fromEntries(names.map(key => [key, sampleValue(toMember(known, key), variant, depth + 1)]));
  if (member || kinds.has('list')) {
    // What is asked of the members may stand at the list itself: names are looked up in each member.
    const inner = { ...toMember(known, element), shape: member && names.length > 0 ? mergeShapes(member, shape, names) : member };
    return [0, 1].map(index => sampleValue({ ...inner, name: `${name} ${index + 1}` }, variant + index, depth + 1));
  }
  const texts = [...literals].filter(literal => typeof literal === 'string');
  const numbers = [...literals].filter(literal => typeof literal === 'number');
  if (numbers.length > 0) return (numbers[0] as number) + 1 + variant;
  if (texts.length > 0) return texts[variant] ?? toText(name, variant);
  if (kinds.has('number')) return 2 + (name.length % 5) + 7 * variant;
  if (kinds.has('text')) return toText(name, variant);
  if (kinds.has('boolean') || [...literals].some(literal => typeof literal === 'boolean')) return variant % 2 === 0;
  return toText(name, variant);
}

function mergeShapes(member: Shape, list: Shape, names: readonly string[]): Shape {
  return { ...member, members: new Map([...member.members, ...names.map(name => [name, list.members.get(name) as Shape] as const)]) };
}

/** Values to try in a place, each once: those an expression compares with and their neighbours first. */
export function listCandidates(known: Known): unknown[] {
  const { shape } = known;
  const found: unknown[] = [];
  for (const literal of shape?.literals ?? []) {
    if (typeof literal === 'number') found.push(literal, literal + 1, literal - 1);
    else if (typeof literal === 'string') found.push(literal, `not ${literal}`);
    else found.push(literal, !literal);
  }
  const schema = resolve(known.schema, known.root);
  if (isRecord(schema) && Array.isArray(schema['enum'])) found.push(...schema['enum']);
  if (isRecord(schema) && Array.isArray(schema['examples'])) found.push(...schema['examples']);
  const samples = [0, 1, 2, 3].map(variant => sampleValue(known, variant));
  found.push(...samples);
  const list = samples.find(Array.isArray);
  if (list) found.push([], list.slice(0, 1), [...list, ...(samples[2] as unknown[])], [...list, ...list, ...list, ...list]);
  if (!isRecord(schema) || isOpen(schema)) found.push(true, false, 0, 1, -1, '', [], 'text');
  else if (samples.some(sample => typeof sample === 'number')) found.push(0, 1, -1, 1_000);
  found.push(null, undefined);
  return found.filter((value, index) => found.findIndex(other => isDeepStrictEqual(other, value)) === index);
}
