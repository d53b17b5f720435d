import type { Path } from './problem.ts';

const segment = /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]/y;

/**
 * Reads a path as people write it: `steps.swap.output.items[0]["odd key"]`.
 *
 * @returns undefined when it is none
 */
export function parseValuePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  const source = `.${text}`;
  let at = 0;
  while (at < source.length) {
    segment.lastIndex = at;
    const match = segment.exec(source);
    if (!match) return undefined;
    const [whole, name, index, quoted] = match;
    if (name !== undefined) path.push(name);
    else if (index !== undefined) path.push(Number(index));
    else {
      const key = unquote(quoted as string);
      if (key === undefined) return undefined;
      path.push(key);
    }
    at += whole.length;
  }
  return path;
}

function unquote(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
