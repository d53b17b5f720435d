import { isInexact } from '../core/json-text.ts';

/** Characters by which an expression may grow while it is parsed. */
const maxGrowth = 200_000;

/** The first whole number of an expression that would become another one; undefined: there is none. */
export function findInexactNumber(source: string): { readonly written: string; readonly offset: number } | undefined {
  if (!/\d{16}/.test(source)) return undefined;
  let isOperand = true;
  for (let at = 0; at < source.length; ) {
    const end = readToken(source, at, isOperand);
    const token = source.slice(at, end);
    if (/^\d+$/.test(token) && isInexact(token, Number(token))) return { written: token, offset: at };
    if (!/^\s/.test(token) && !token.startsWith('/*')) isOperand = wantsOperand(token);
    at = end;
  }
  return undefined;
}

/** Whether an operand is to come after a token. */
const wantsOperand = (token: string): boolean => !/^["'`\w$)\]}]/.test(token) || /^(?:and|or|in)$/.test(token);

/** A bracket that is open: what is in it so far with all copies, and since the last operator or comma. */
interface Group {
  all: number;
  left: number;
}

/**
 * Tells whether the copies that JSONata makes while it parses get out of hand.
 *
 * It writes the left side of every `?:` and `??` twice, so that each of them in the left side of another one doubles the whole.
 */
export function growsTooMuch(source: string): boolean {
  const groups: Group[] = [{ all: 0, left: 0 }];
  let isOperand = true;
  for (let at = 0; at < source.length; ) {
    const end = readToken(source, at, isOperand);
    const token = source.slice(at, end);
    at = end;
    if (/^\s/.test(token) || token.startsWith('/*')) continue;
    isOperand = wantsOperand(token);
    const group = groups.at(-1) as Group;
    if (/^[([{]$/.test(token)) groups.push({ all: 1, left: 0 });
    else if (/^[)\]}]$/.test(token) && groups.length > 1) {
      groups.pop();
      add(groups.at(-1) as Group, group.all);
    } else if (token === '?:' || token === '??') {
      group.all += group.left;
      group.left = 0;
    } else if (/^[,;]$/.test(token)) group.left = 0;
    else add(group, token.length);
    if (group.all > source.length + maxGrowth) return true;
  }
  return groups.reduce((sum, { all }) => sum + all, 0) > source.length + maxGrowth;
}

function add(group: Group, size: number): void {
  group.all += size;
  group.left += size;
}

const tokens = /\s+|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|`[^`]*`?|[\w$]+|\?:|\?\?|[^]/y;

/** Where the token that begins at `from` ends. */
function readToken(source: string, from: number, isOperand: boolean): number {
  if (isOperand && source[from] === '/' && source[from + 1] !== '*') return readRegex(source, from);
  tokens.lastIndex = from;
  tokens.test(source);
  return tokens.lastIndex;
}

/** A regular expression ends at a `/` outside of brackets, as JSONata reads it. */
function readRegex(source: string, from: number): number {
  let depth = 0;
  for (let at = from + 1; at < source.length; at++) {
    const character = source[at] as string;
    if (character === '\\') at++;
    else if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
    else if (character === '/' && depth === 0) return at + 1;
  }
  return source.length;
}
