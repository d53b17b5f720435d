import { isObject } from './outline.ts';

/** What may stand at one place of a value: an object's members, if all are known. Undefined: anything. */
type Shape = { readonly members: { readonly [name: string]: unknown }; readonly rest: unknown } | undefined;

const maxDepth = 20;

/** A name in a path for which a schema leaves no room, and the names that are there. */
export interface MissingPart {
  readonly at: number;
  readonly known: readonly string[];
}

/**
 * Follows a path through what a JSON Schema describes, lists item by item as JSONata does.
 *
 * @returns undefined when the path may lead somewhere, also where nobody can tell
 */
export function findMissingPart(schema: unknown, names: readonly string[]): MissingPart | undefined {
  let places: readonly unknown[] = [schema];
  for (const [at, name] of names.entries()) {
    const shapes = places.flatMap(place => listShapes(place, schema, 0));
    if (shapes.some(shape => shape === undefined)) return undefined;
    const known = shapes.filter(shape => shape !== undefined);
    places = known.flatMap(({ members, rest }) => (Object.hasOwn(members, name) ? [members[name]] : rest === undefined ? [] : [rest]));
    if (places.length === 0) return { at, known: [...new Set(known.flatMap(({ members }) => Object.keys(members)))] };
  }
  return undefined;
}

function listShapes(schema: unknown, root: unknown, depth: number): Shape[] {
  if (!isObject(schema) || depth > maxDepth) return [undefined];
  const { $ref: ref, anyOf, oneOf, allOf, type, items, prefixItems, properties, additionalProperties, patternProperties } = schema;
  if (typeof ref === 'string') return listShapes(resolve(ref, root), root, depth + 1);
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.flatMap(choice => listShapes(choice, root, depth + 1));
  if (allOf !== undefined || patternProperties !== undefined || prefixItems !== undefined) return [undefined];
  if (type === 'array') return listShapes(items, root, depth + 1);
  if (type === 'object') {
    if (additionalProperties === undefined || additionalProperties === true || (isObject(additionalProperties) && Object.keys(additionalProperties).length === 0)) return [undefined];
    return [{ members: isObject(properties) ? properties : {}, rest: additionalProperties === false ? undefined : additionalProperties }];
  }
  return typeof type === 'string' ? [{ members: {}, rest: undefined }] : [undefined];
}

function resolve(ref: string, root: unknown): unknown {
  if (!ref.startsWith('#')) return undefined;
  return ref.slice(1).split('/').filter(Boolean).reduce<unknown>((at, key) => (isObject(at) ? at[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined), root);
}
