import { FlowError } from './errors.ts';

/** Longest name, characters. */
const maxLength = 200;
// Names of devices on Windows, with or without an extension.
const device = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

// Control characters, line breaks of any kind, and what turns the direction of the text around it.
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/**
 * Says why a name cannot be that of an artifact, or of its file; undefined: it can.
 *
 * Names are relative paths with `/` that mean the same on every system and cannot leave the folder they are written to.
 */
export function findNameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > maxLength) return `it is longer than ${maxLength} characters`;
  const hidden = unseen.exec(name);
  if (hidden) return `there is a character in it that cannot be seen, U+${(hidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  for (const character of name) {
    if ('\\<>:"|?*'.includes(character)) return `there is \`${character}\` in it`;
  }
  if (name.startsWith('/')) return 'it is an absolute path';
  for (const part of name.split('/')) {
    if (part === '') return 'a part of it is empty';
    if (part === '.' || part === '..') return `\`${part}\` is a part of it`;
    if (part.endsWith('.') || part.endsWith(' ')) return `\`${part}\` ends with ${part.endsWith('.') ? 'a dot' : 'a space'}`;
    if (device.test(part)) return `\`${part}\` is a device on Windows`;
  }
  return undefined;
}

/** @throws a `FlowError` with code `artifact_name_invalid` */
export function requireArtifactName(name: unknown, what = 'The name of an artifact'): string {
  const problem = typeof name === 'string' ? findNameProblem(name) : 'it is no text';
  if (problem === undefined) return name as string;
  throw new FlowError('artifact_name_invalid', `${what} has to be a relative path such as \`plans/summary.md\`, got ${JSON.stringify(name) ?? 'nothing'}: ${problem}`, {
    details: { name: typeof name === 'string' ? name.slice(0, maxLength) : null },
  });
}
