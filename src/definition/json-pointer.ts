/** Keys of a JSON pointer in a URI fragment: `#/items/0`. */
export function readPointer(pointer: string): string[] {
  return pointer.split('/').slice(1).map(part => decode(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The value some keys further in; undefined when there is none. */
export function follow(root: unknown, keys: readonly (string | number)[]): unknown {
  let at = root;
  for (const key of keys) at = typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string | number, unknown>)[key] : undefined;
  return at;
}
