import { maxJsonDepth } from '../core/json.ts';
import { formatPath } from '../core/wording.ts';
import type { ExpressionScope } from './plan.ts';
import { isObject } from './outline.ts';
import { parseValuePath } from './value-path.ts';

/** What a function in a definition is called with: frozen copies of recorded values, so that it gives the same again. */
export interface ValueContext {
  readonly input: unknown;
  /** The steps in `depends_on`, by id. */
  readonly steps: ExpressionScope['steps'];
  readonly item?: unknown;
  readonly index?: number;
  /** The step's own output; only for its artifacts. */
  readonly output?: unknown;
  /** When it is evaluated, epoch ms; recorded. */
  readonly now: number;
  /** From 0 to below 1; the same numbers, in the same order, each time. */
  readonly random: () => number;
}

/** A value of a definition that is computed. Pure: reads its context only, and answers at once. */
export type ValueFunction = (context: ValueContext) => unknown;

/** Functions of a definition, by the place where they stand. */
export type ValueFunctions = ReadonlyMap<string, ValueFunction>;

export const noFunctions: ValueFunctions = new Map();

/** Where a definition keeps its functions; of one name for all copies of this package. */
const functionsOf: unique symbol = Symbol.for('flowstone.values') as never;

/** The functions that a definition made by `defineFlow` carries. */
export function readFunctions(definition: unknown): ValueFunctions {
  const carried = (definition as { readonly [functionsOf]?: ValueFunctions } | null | undefined)?.[functionsOf];
  return carried ?? noFunctions;
}

/** Gives a definition the functions its texts name; JSON of it is as before. */
export function withFunctions<Definition extends object>(definition: Definition, functions: ValueFunctions): Definition {
  return functions.size === 0 ? definition : Object.freeze({ ...definition, [functionsOf]: functions });
}

/** How a stored definition names the function at a place; no expression can be written so. */
const toReference = (place: string): string => `{% function ${place} %}`;

/** The place that an expression names; undefined: it is no reference to a function. */
export function readReference(source: string): string | undefined {
  const place = /^function\s+(\S.*)$/.exec(source.trim())?.[1];
  return place !== undefined && parseValuePath(place) ? place : undefined;
}

/** Parts of a step whose values may be functions, as whole or in them. */
const computedKeys = ['when', 'for_each', 'with'] as const;
const artifactKeys = ['name', 'from', 'file'] as const;

/** The places that a definition names functions at, in its order. */
export function listReferences(definition: unknown): string[] {
  const places: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      const place = value.startsWith('{% function ') && value.endsWith(' %}') ? readReference(value.slice(2, -2)) : undefined;
      if (place !== undefined) places.push(place);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  if (!isObject(definition)) return places;
  const { steps, state } = definition;
  for (const step of Array.isArray(steps) ? steps : []) if (isObject(step)) [...computedKeys, 'artifacts'].forEach(key => visit(step[key]));
  if (isObject(state)) visit(state['with']);
  return places;
}

/**
 * Takes the functions out of a definition, and leaves in their places what is stored: texts that name them.
 *
 * A place is a path with the step's id in it, `steps.charge.with.amount`: neither a bundler nor another step moves it.
 * Functions elsewhere stay, for whoever checks that all is JSON.
 */
export function takeFunctions(source: unknown): { readonly source: unknown; readonly functions: ValueFunctions } {
  const functions = new Map<string, ValueFunction>();
  if (!isObject(source)) return { source, functions };
  const { steps, state } = source;
  const taken: Record<string, unknown> = { ...source };
  if (Array.isArray(steps)) taken['steps'] = steps.map(step => (isObject(step) ? takeOfStep(step, functions) : step as unknown));
  if (isObject(state)) taken['state'] = takeOfKeys(state, ['with'], ['state'], functions);
  return functions.size === 0 ? { source, functions } : { source: taken, functions };
}

function takeOfStep(step: { readonly [key: string]: unknown }, functions: Map<string, ValueFunction>): object {
  const { id, artifacts } = step;
  if (typeof id !== 'string') return step;
  const path = ['steps', id];
  const taken = takeOfKeys(step, computedKeys, path, functions);
  if (!Array.isArray(artifacts)) return taken;
  return { ...taken, artifacts: artifacts.map((one, at) => (isObject(one) ? takeOfKeys(one, artifactKeys, [...path, 'artifacts', at], functions) : one as unknown)) };
}

function takeOfKeys(object: { readonly [key: string]: unknown }, keys: readonly string[], path: readonly (string | number)[], functions: Map<string, ValueFunction>): object {
  const taken: Record<string, unknown> = { ...object };
  for (const key of keys) if (object[key] !== undefined) taken[key] = take(object[key], [...path, key], functions);
  return taken;
}

function take(value: unknown, path: readonly (string | number)[], functions: Map<string, ValueFunction>): unknown {
  if (typeof value === 'function') {
    const place = formatPath(path);
    functions.set(place, value as ValueFunction);
    return toReference(place);
  }
  if (typeof value !== 'object' || value === null || path.length > maxJsonDepth) return value;
  const before = functions.size;
  if (Array.isArray(value)) {
    const members = value.map((member, at) => take(member, [...path, at], functions));
    return functions.size === before ? value : members;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, take(member, [...path, key], functions)] as const);
  return functions.size === before ? value : Object.fromEntries(entries);
}
