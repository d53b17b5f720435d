import { distance } from 'fastest-levenshtein';

const maxShown = 60;

function shorten(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown - 1)}…` : text;
}

/** Words for a value in a complaint: `` `0` (number) ``, `nothing`, `a list of 3`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return '`null`';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : `\`${shorten(value)}\` (string)`;
    case 'object':
      return describeObject(value);
    case 'function':
      return `a function${value.name ? ` (\`${shorten(value.name)}\`)` : ''}`;
    default:
      return `\`${String(value)}\` (${typeof value})`;
  }
}

function describeObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  const name: unknown = typeof prototype === 'object' && prototype !== null ? prototype.constructor?.name : 'Object';
  if (typeof name === 'string' && name !== 'Object' && name !== '') return `an instance of \`${shorten(name)}\``;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an empty object' : `an object with ${shorten(keys.map(key => `\`${key}\``).join(', '))}`;
}

/** Most candidates that a word is compared with: thousands of mistakes among thousands of names are told in a second, too. */
const maxCompared = 300;
/** Most that are looked at, of whatever length. */
const maxLookedAt = 10_000;

/** The candidate a misspelt word most likely meant; undefined: none is near. */
export function findNearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  const wanted = word.toLowerCase();
  let nearest: string | undefined;
  let compared = 0;
  let lookedAt = 0;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (lookedAt++ >= maxLookedAt) break;
    if (Math.abs(candidate.length - word.length) >= least) continue;
    if (compared++ >= maxCompared) break;
    const other = candidate.toLowerCase();
    const away = isTransposed(wanted, other) ? 1 : distance(wanted, other);
    if (away < least) {
      nearest = candidate;
      least = away;
    }
  }
  return nearest;
}

/** Whether two neighbouring letters have changed places, and nothing else: one slip of the fingers, not two. */
function isTransposed(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at + 1 < a.length && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
}

/** The end of a complaint about an unknown word: `; did you mean `x`?`, or nothing when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const nearest = findNearest(word, candidates);
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}

const plainKey = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** Writes a path as people read it: `steps[2].retry.maxAttempts`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (plainKey.test(key)) text += text === '' ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
