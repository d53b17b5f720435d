/** Decides what is told in place of a value. Path: names and places down to it, in what is told: `['execution', 'input', 'card']`. */
export type RedactValue = (path: readonly (string | number)[], value: unknown) => unknown;

type Path = readonly (string | number)[];

const redacted = '[redacted]';

/**
 * Adds to a redactor of texts one that is asked about every value of a text that is JSON, also within values that are JSON texts
 * themselves. Of a value that is cut it cannot be told what is in it: none of its text is told.
 */
export function createValueRedactor(redact: (text: string) => string, values: RedactValue | undefined): (text: string) => string {
  if (!values) return redact;
  return text => {
    // First: a value is whole until texts are taken out of it.
    const read = readJson(text);
    return redact(read === undefined ? text : JSON.stringify(walk(values, [], read.value)));
  };
}

function walk(values: RedactValue, path: Path, value: unknown): unknown {
  const told = path.length === 0 ? value : values(path, value);
  if (told !== value) return told === undefined ? redacted : told;
  if (typeof value === 'string') return walkText(values, path, value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one, index) => walk(values, [...path, index], one));
  const members = hideCut(value as { readonly [name: string]: unknown });
  if (typeof members['json'] === 'string' && Array.isArray(members['path'])) return { ...members, json: walkPiece(values, members['path'] as Path, members['json']) };
  return Object.fromEntries(Object.entries(members).map(([name, one]) => [name, walk(values, [...path, name], one)]));
}

/** A value that was asked for by itself says where it is. */
function walkPiece(values: RedactValue, path: Path, text: string): string {
  const read = readJson(text);
  return read === undefined ? redacted : JSON.stringify(walk(values, path, read.value) ?? redacted);
}

/** A value that is kept as its JSON text has the path that the value would have. */
function walkText(values: RedactValue, path: Path, text: string): string {
  const read = /^\s*[[{]/.test(text) ? readJson(text) : undefined;
  return read === undefined ? text : JSON.stringify(walk(values, path, read.value) ?? redacted);
}

/** Texts of values that were cut: `{text, length}`, `{json, offset, length}` and `{$cut: {length, begins}}`. */
function hideCut(members: { readonly [name: string]: unknown }): { readonly [name: string]: unknown } {
  const { text, json, begins, length } = members;
  if (typeof length !== 'number') return members;
  if (typeof begins === 'string') return { ...members, begins: redacted };
  if (typeof text === 'string' && text.length < length) return { ...members, text: redacted };
  return typeof json === 'string' && json.length < length ? { ...members, json: redacted } : members;
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
