/** In place of a value that is too long to be told whole. */
export interface CutValue {
  readonly $cut: { /** Characters of its JSON text. */ readonly length: number; readonly begins: string };
}

const shown = 200;

/** Cuts what is too long out of a JSON value: the innermost values first, so that as much as possible is told. @param maxLength characters of JSON, of each value that is told whole */
export function cutValue(value: unknown, maxLength: number): unknown {
  if (value === null || typeof value !== 'object' || value === undefined) return typeof value === 'string' && value.length > maxLength ? toCut(JSON.stringify(value)) : value;
  const text = JSON.stringify(value) ?? 'null';
  if (text.length <= maxLength) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, cutValue(part, maxLength)] as const);
  const inner = Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
  return JSON.stringify(inner).length <= maxLength ? inner : toCut(text);
}

const toCut = (text: string): CutValue => ({ $cut: { length: text.length, begins: text.slice(0, shown) } });
