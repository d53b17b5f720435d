import { createHash } from 'node:crypto';

/**
 * Writes JSON with the keys of every object in the order of their UTF-16 units: equal values, equal text.
 *
 * Properties that are undefined are left out. Takes what `encodeJson` takes.
 */
export function toCanonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const member of value) text += `${text === '' ? '' : ','}${toCanonicalJson(member)}`;
    return `[${text}]`;
  }
  for (const key of Object.keys(value).toSorted()) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${toCanonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** SHA-256 of a text's UTF-8, hex. */
export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
