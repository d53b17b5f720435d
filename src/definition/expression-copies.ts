/** Characters by which an expression may grow while it is parsed. */
const maxGrowth = 200_000;

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
    isOperand = !/^["'`\w$)\]}]/.test(token) || /^(?:and|or|in)$/.test(token);
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
