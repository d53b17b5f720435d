import { computeSha256 } from '../core/sha256.ts';

/**
 * Copies a value with the keys of every object in one order, frozen through and through: equal values, equal copies.
 *
 * Properties that are undefined are left out. Takes what `encodeJson` takes.
 */
export function toCanonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return Object.freeze(value.map(toCanonical));
  const keys = Object.keys(value);
  if (!isSorted(keys)) keys.sort();
  const copy: Record<string, unknown> = {};
  for (const key of keys) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    if (key === '__proto__') Object.defineProperty(copy, key, { value: toCanonical(member), enumerable: true });
    else copy[key] = toCanonical(member);
  }
  return Object.freeze(copy);
}

function isSorted(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) if ((keys[at - 1] as string) > (keys[at] as string)) return false;
  return true;
}

/** SHA-256 of the JSON of a canonical value, hex. */
export const computeDigest = (canonical: unknown): string => computeSha256(JSON.stringify(canonical));
