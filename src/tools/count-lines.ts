import type { Language } from './languages.ts';

export interface LineCount {
  readonly lines: number;
  readonly code: number;
  readonly comments: number;
  readonly blank: number;
}

/**
 * Counts a text's lines: blank, nothing but comment, or code.
 *
 * Comments are told by how a line begins and where a block ends, not by parsing: a comment sign within a string at the
 * beginning of a line counts as one. A last line without a line break counts.
 */
export function countLines(text: string, language: Pick<Language, 'line' | 'block'> = {}): LineCount {
  const counted = { lines: 0, code: 0, comments: 0, blank: 0 };
  let inBlock = false;
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).trim();
    start = end < 0 ? text.length : end + 1;
    counted.lines += 1;
    if (line === '') {
      counted.blank += 1;
      continue;
    }
    const kind = inBlock || language.block === undefined ? { block: inBlock, at: 0 } : { block: line.startsWith(language.block[0]), at: language.block[0].length };
    if (kind.block && language.block) {
      const close = line.indexOf(language.block[1], kind.at);
      inBlock = close < 0;
      const rest = close < 0 ? '' : line.slice(close + language.block[1].length).trim();
      counted[rest === '' ? 'comments' : 'code'] += 1;
      continue;
    }
    counted[language.line?.some(sign => line.startsWith(sign)) ? 'comments' : 'code'] += 1;
  }
  return counted;
}
