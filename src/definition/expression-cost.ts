import { isObject } from './outline.ts';

/**
 * How much something grows with the weight of the value it is given: coefficients of a polynomial, the constant first.
 *
 * The weight of a value counts 1 for each value in it and for every 16 characters of its texts and keys.
 */
export type Growth = readonly number[];

/** How long a node takes, and how heavy its result is, at most. */
interface Bound {
  readonly time: Growth;
  readonly size: Growth;
}

/** Heaviest scope that an expression is evaluated over in this thread. */
const maxWeight = 8_192;
/** Most steps of JSONata that are taken in this thread at a stretch; one takes a microsecond or a few. */
export const maxCost = 60_000;
const maxDegree = 3;

/**
 * What evaluating an expression costs at most, in steps; undefined: nobody can tell, or too much for this thread.
 *
 * @param tree what JSONata's `ast()` gives
 */
export function findGrowth(tree: unknown): Growth | undefined {
  const bound = toBound(tree);
  return bound && plus(bound.time, bound.size);
}

/** The cost over a scope, at most `maxCost`; undefined: more. */
export function computeCost(growth: Growth, scope: unknown): number | undefined {
  const weight = weigh(scope);
  if (weight === undefined) return undefined;
  let cost = 0;
  for (const coefficient of growth.toReversed()) cost = cost * weight + coefficient;
  return cost <= maxCost ? cost : undefined;
}

function weigh(scope: unknown): number | undefined {
  let weight = 0;
  const open: unknown[] = [scope];
  while (open.length > 0) {
    const value = open.pop();
    weight += typeof value === 'string' ? 1 + value.length / 16 : 1;
    if (weight > maxWeight) return undefined;
    if (typeof value !== 'object' || value === null) continue;
    if (!Array.isArray(value)) for (const key of Object.keys(value)) weight += key.length / 16;
    for (const member of Object.values(value)) open.push(member);
    if (open.length > maxWeight) return undefined;
  }
  return weight;
}

const plus = (...growths: readonly Growth[]): Growth =>
  Array.from({ length: Math.max(1, ...growths.map(({ length }) => length)) }, (_, degree) => growths.reduce((sum, growth) => sum + (growth[degree] ?? 0), 0));

const scale = (growth: Growth, factor: number): Growth => growth.map(coefficient => coefficient * factor);

function times(a: Growth, b: Growth): Growth | undefined {
  const product: number[] = [];
  for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) product[i + j] = (product[i + j] ?? 0) + x * y;
  return product.length > maxDegree + 1 ? undefined : product;
}

/** The growth of `outer` over what `inner` gives. */
function over(outer: Growth, inner: Growth): Growth | undefined {
  let result: Growth | undefined = [];
  for (const coefficient of outer.toReversed()) {
    const product: Growth | undefined = result.length === 0 ? [] : times(result, inner);
    if (!product) return undefined;
    result = plus(product, [coefficient]);
  }
  return result;
}

/** Once for each of many values that weigh so much together, or once: there are no more of them than they weigh. */
const forEach = ([constant = 0, linear = 0, ...rest]: Growth): Growth => [constant, linear + constant, ...rest];

const context: Growth = [0, 1];
const one: Growth = [1];
const scalar: Growth = [3];
const step: Growth = [3];

interface Part {
  readonly type?: unknown;
  readonly value?: unknown;
  readonly [key: string]: unknown;
}

/** What a node may have beside its type; anything else on it means something this file does not know. */
const knownKeys = new Set(['type', 'value', 'position', 'lhs', 'rhs', 'steps', 'expression', 'expressions', 'condition', 'then', 'else', 'procedure', 'arguments', 'predicate', 'stages', 'group', 'keepSingletonArray', 'keepArray', 'consarray', 'expr', 'id', 'tokenize']);

/** Of each node once: `a ?: b` has `a` in it twice. */
const known = new WeakMap<object, { readonly bound: Bound | undefined }>();

function toBound(node: unknown): Bound | undefined {
  if (!isObject(node)) return undefined;
  const before = known.get(node);
  if (before) return before.bound;
  const bound = toNodeBound(node);
  known.set(node, { bound });
  return bound;
}

function toNodeBound(part: Part): Bound | undefined {
  for (const [key, value] of Object.entries(part)) if (!knownKeys.has(key) && value !== undefined && value !== false) return undefined;
  const bare = toBareBound(part);
  const filters = [...toParts(part['predicate']), ...toParts(part['stages'])];
  const filtered = bare && filters.reduce<Bound | undefined>((bound, filter) => bound && toFiltered(bound, filter), bare);
  const { group } = part;
  if (!filtered || group === undefined) return filtered;
  const grouped = isObject(group) ? toGrouped(group['lhs']) : undefined;
  return grouped && then(filtered, grouped);
}

function toBareBound(part: Part): Bound | undefined {
  switch (part.type) {
    case 'number':
    case 'value':
      return { time: step, size: one };
    case 'string':
      return { time: step, size: [1 + String(part.value).length / 16] };
    case 'name':
      return { time: [3, 1], size: context };
    case 'wildcard':
      return { time: [3, 2], size: context };
    case 'variable':
      return part.value === '' ? { time: step, size: context } : part.value === '$' ? { time: step, size: [maxWeight] } : undefined;
    case 'path':
      return toParts(part['steps']).reduce<Bound | undefined>((before, next) => before && then(before, each(toBound(next))), { time: step, size: context });
    case 'binary':
      return toBinary(part);
    case 'unary':
      return toUnary(part);
    case 'condition':
      return join([part['condition'], part['then'], part['else'] ?? { type: 'value' }]);
    case 'block':
      return join(toParts(part['expressions']));
    case 'function':
      return toCall(part);
    default:
      return undefined;
  }
}

const toParts = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const each = (bound: Bound | undefined): Bound | undefined => bound && { time: forEach(bound.time), size: forEach(bound.size) };

/** One after the other, the second over what the first gives. */
function then(first: Bound, second: Bound | undefined): Bound | undefined {
  const time = second && over(second.time, first.size);
  const size = second && over(second.size, first.size);
  return time && size && { time: plus(first.time, time, first.size), size };
}

/** All of them over the same value; the results together. */
function join(nodes: readonly unknown[]): Bound | undefined {
  const bounds = nodes.map(toBound);
  if (!bounds.every(bound => bound !== undefined)) return undefined;
  return { time: plus(step, ...bounds.map(({ time }) => time)), size: plus([0], ...bounds.map(({ size }) => size)) };
}

function toFiltered(bound: Bound, filter: unknown): Bound | undefined {
  if (!isObject(filter) || filter['type'] !== 'filter') return undefined;
  const judged = each(toBound(filter['expr']));
  const filtered = judged && then(bound, { time: plus(judged.time, judged.size), size: context });
  return filtered && { time: filtered.time, size: bound.size };
}

/** `{ key: value, … }`: the values of one key are appended to each other, each time to a new list. */
function toGrouped(pairs: unknown): Bound | undefined {
  const bounds = toParts(pairs).map(pair => {
    const [key, value] = toParts(pair).map(toBound);
    return key && value && { time: forEach(plus(key.time, value.time, step)), size: forEach(plus(key.size, value.size)) };
  });
  if (!bounds.every(bound => bound !== undefined)) return undefined;
  return { time: plus([3, 3, bounds.length], ...bounds.map(({ time }) => time)), size: plus(one, ...bounds.map(({ size }) => size)) };
}

/** A text of a value: of a number up to 25 characters, of a control character 6. */
const textFactor = 8;

const readNumber = (node: unknown): number | undefined => (isObject(node) && node['type'] === 'number' && typeof node['value'] === 'number' ? node['value'] : undefined);

/** `1..30`: as many numbers as it says; where its ends are computed, nobody can tell. */
function toRange({ lhs, rhs }: Part): Bound | undefined {
  const [first, last] = [readNumber(lhs), readNumber(rhs)];
  if (first === undefined || last === undefined) return undefined;
  const count = Math.max(0, last - first + 1);
  return { time: [3 + count], size: [count] };
}

function toBinary(part: Part): Bound | undefined {
  if (part.value === '..') return toRange(part);
  const both = join([part['lhs'], part['rhs']]);
  if (!both) return undefined;
  const { time, size } = both;
  switch (part.value) {
    case '+': case '-': case '*': case '/': case '%': case '=': case '!=': case '<': case '<=': case '>': case '>=': case 'and': case 'or': case 'in':
      return { time: plus(time, size), size: one };
    case '&':
      return { time: plus(time, scale(size, textFactor)), size: scale(size, textFactor) };
    default:
      return undefined;
  }
}

function toUnary(part: Part): Bound | undefined {
  if (part.value === '-') return join([part['expression']]);
  if (part.value === '{') return toGrouped(part['lhs']);
  if (part.value !== '[') return undefined;
  const members = toParts(part['expressions']);
  const all = join(members);
  return all && { time: plus(all.time, scale(all.size, members.length + 1)), size: plus(all.size, one) };
}

/** Functions whose result is one number or the like, and that look at everything once. */
const scalarFunctions = new Set([
  'sum', 'count', 'max', 'min', 'average', 'length', 'number', 'floor', 'ceil', 'round', 'abs', 'sqrt', 'power', 'boolean', 'not', 'exists', 'type',
  'now', 'millis', 'random', 'error', 'assert', 'toMillis', 'fromMillis',
]);
/** How much heavier than what they are given the results of others can be; those take as long as they are heavy, squared. */
const squareFunctions: { readonly [name: string]: number } = {
  string: textFactor, substring: 3, substringBefore: 3, substringAfter: 3, lowercase: 3, uppercase: 3, trim: 3, contains: 1, split: 17, keys: 2,
  append: 2, reverse: 2, merge: 2, spread: 3, distinct: 2, sort: 2, shuffle: 2, zip: 3, encodeUrlComponent: 9, encodeUrl: 9,
};
/** Most arguments with which a function is as simple as that: a further one is a picture, or has code in it. */
const maxArguments: { readonly [name: string]: number } = { string: 1, number: 1, now: 0, toMillis: 1, fromMillis: 1, sort: 1 };

function toCall(part: Part): Bound | undefined {
  const { procedure } = part;
  const given = toParts(part['arguments']);
  if (!isObject(procedure) || procedure['type'] !== 'variable') return undefined;
  const name = String(procedure['value']);
  if (given.length > (maxArguments[name] ?? given.length)) return undefined;
  const all = join(given);
  if (!all) return undefined;
  // What is left out is the context.
  const size = plus(all.size, context);
  // One key of an object, or of each object of a list.
  if (name === 'lookup') return { time: plus(all.time, scale(size, 2)), size };
  if (scalarFunctions.has(name)) return { time: plus(all.time, size), size: scalar };
  const factor = Object.hasOwn(squareFunctions, name) ? squareFunctions[name] : undefined;
  const square = factor === undefined ? undefined : times(size, size);
  return square && factor !== undefined ? { time: plus(all.time, square), size: scale(size, factor) } : undefined;
}
