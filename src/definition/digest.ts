import { createHash } from 'node:crypto';

/**
 * Writes JSON with the keys of every object in order: equal values, equal text.
 *
 * Properties that are undefined are left out. Takes what `encodeJson` takes.
 */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(value)) ?? 'null';
}

/** SHA-256 of a text's UTF-8, hex. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Copies a value with the keys of every object in the order of their UTF-16 units. */
export function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}
