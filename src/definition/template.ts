import { type Expression, type ExpressionMistake, parseExpression } from './expression.ts';

/** A text of a definition: plain pieces and expressions, in order. */
export interface Template {
  readonly parts: readonly (string | Expression)[];
}

/** Compiled texts of one definition, so that what is written twice is compiled once. */
export class TemplateCache {
  readonly texts = new Map<string, Template | ExpressionMistake>();
  readonly bare = new Map<string, Template | ExpressionMistake>();
}

const maxEnds = 50;

/** Tells whether a text holds an expression. */
export const hasExpression = (text: string): boolean => text.includes('{%');

/**
 * Splits a text at `{%` and `%}` and compiles what is between them.
 *
 * An expression ends at the first `%}` with which it is a whole one, so `%}` may stand in a string inside it.
 */
export function parseTemplate(text: string, cache: TemplateCache): Template | ExpressionMistake {
  const known = cache.texts.get(text);
  if (known) return known;
  const template = splitTemplate(text);
  cache.texts.set(text, template);
  return template;
}

/** As `parseTemplate`, for keys that always hold an expression: `{% %}` may be left out. */
export function parseBareExpression(text: string, cache: TemplateCache): Template | ExpressionMistake {
  if (hasExpression(text)) return parseTemplate(text, cache);
  const known = cache.bare.get(text);
  if (known) return known;
  const expression = parseExpression(text);
  const template = 'message' in expression ? expression : { parts: [expression] };
  cache.bare.set(text, template);
  return template;
}

function splitTemplate(text: string): Template | ExpressionMistake {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('{%', at);
    if (start < 0) break;
    if (start > at) parts.push(text.slice(at, start));
    const read = readExpression(text, start + 2);
    if ('message' in read) return read;
    parts.push(read.expression);
    at = read.end;
  }
  if (at < text.length) parts.push(text.slice(at));
  return { parts };
}

function readExpression(text: string, from: number): { expression: Expression; end: number } | ExpressionMistake {
  let mistake: ExpressionMistake | undefined;
  let end = text.indexOf('%}', from);
  if (end < 0) return { message: 'the expression is not closed with `%}`', offset: from - 2 };
  for (let tries = 0; end >= 0 && tries < maxEnds; tries++) {
    const expression = parseExpression(text.slice(from, end));
    if (!('message' in expression)) return { expression, end: end + 2 };
    mistake ??= { message: expression.message, offset: from + Math.min(expression.offset, end - from) };
    end = text.indexOf('%}', end + 2);
  }
  return mistake ?? { message: 'the expression is empty', offset: from };
}
