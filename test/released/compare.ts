/** A place where two documents differ. */
export interface Difference {
  /** As `details.steps[0].status`. */
  readonly path: string;
  /** As JSON; `absent`: there is nothing. */
  readonly old: string;
  readonly new: string;
}

const absent = 'absent';
const write = (value: unknown): string => (value === undefined ? absent : JSON.stringify(value));
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const toField = (name: string): string => (/^[\w$]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

/** Lists where two JSON values differ, as deep as they can be told apart. The order of an object's keys is no difference. */
export function compareDocuments(old: unknown, now: unknown, path: string): Difference[] {
  if (Array.isArray(old) && Array.isArray(now)) return compareLists(old, now, path);
  if (isObject(old) && isObject(now)) {
    const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
    return names.flatMap(name => compareDocuments(old[name], now[name], path + toField(name)));
  }
  return write(old) === write(now) ? [] : [{ path, old: write(old), new: write(now) }];
}

/** Lists of one length are compared item by item; of others, what stands between what they have in common is one difference. */
function compareLists(old: readonly unknown[], now: readonly unknown[], path: string): Difference[] {
  if (old.length === now.length) return old.flatMap((item, index) => compareDocuments(item, now[index], `${path}[${index}]`));
  const isSame = (one: unknown, other: unknown): boolean => compareDocuments(one, other, '').length === 0;
  const shorter = Math.min(old.length, now.length);
  let before = 0;
  while (before < shorter && isSame(old[before], now[before])) before++;
  let after = 0;
  while (after < shorter - before && isSame(old.at(-1 - after), now.at(-1 - after))) after++;
  return [{ path: `${path}[${before}…]`, old: write(old.slice(before, old.length - after)), new: write(now.slice(before, now.length - after)) }];
}
