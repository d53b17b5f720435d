import { type Expression, type ExpressionMistake, type NamedFunctions, parseExpression } from './expression.ts';

/** A text of a definition: plain pieces and expressions, in order. */
export interface Template {
  readonly parts: readonly (string | Placed)[];
  /** Expressions in it that are none; with one of these it cannot be evaluated. */
  readonly mistakes: readonly ExpressionMistake[];
}

/** An expression, and where in its text it begins. */
interface Placed {
  readonly expression: Expression;
  readonly offset: number;
}

/** Compiled texts of one definition, so that what is written twice is compiled once. */
export class TemplateCache {
  readonly functions: NamedFunctions | undefined;
  readonly texts = new Map<string, Template>();
  readonly bare = new Map<string, Template>();

  constructor(functions?: NamedFunctions) {
    this.functions = functions;
  }
}

const maxEnds = 50;

/** Tells whether a text holds an expression. */
export const hasExpression = (text: string): boolean => text.includes('{%');

/**
 * Splits a text at `{%` and `%}` and compiles what is between them.
 *
 * An expression ends at the first `%}` with which it is a whole one, so `%}` may stand in a string inside it.
 */
export function parseTemplate(text: string, cache: TemplateCache): Template {
  const known = cache.texts.get(text);
  if (known) return known;
  const template = splitTemplate(text, cache.functions);
  cache.texts.set(text, template);
  return template;
}

/** As `parseTemplate`, for keys that always hold an expression: `{% %}` may be left out. */
export function parseBareExpression(text: string, cache: TemplateCache): Template {
  if (hasExpression(text)) return parseTemplate(text, cache);
  const known = cache.bare.get(text);
  if (known) return known;
  const expression = parseExpression(text, cache.functions);
  const template: Template = 'message' in expression ? { parts: [], mistakes: [expression] } : { parts: [{ expression, offset: 0 }], mistakes: [] };
  cache.bare.set(text, template);
  return template;
}

function splitTemplate(text: string, functions: NamedFunctions | undefined): Template {
  const parts: (string | Placed)[] = [];
  const mistakes: ExpressionMistake[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('{%', at);
    if (start < 0) break;
    if (start > at) parts.push(text.slice(at, start));
    const read = readExpression(text, start + 2, functions);
    if ('expression' in read) parts.push({ expression: read.expression, offset: start });
    else mistakes.push(read.mistake);
    at = read.end;
  }
  if (at < text.length) parts.push(text.slice(at));
  return { parts, mistakes };
}

function readExpression(text: string, from: number, functions: NamedFunctions | undefined): ({ expression: Expression } | { mistake: ExpressionMistake }) & { end: number } {
  const first = text.indexOf('%}', from);
  if (first < 0) return { mistake: { source: text.slice(from - 2), message: 'it is not closed with `%}`', offset: from - 2 }, end: text.length };
  const mistakes: ExpressionMistake[] = [];
  for (let end = first, tries = 0; end >= 0 && tries < maxEnds; end = text.indexOf('%}', end + 2), tries++) {
    const expression = parseExpression(text.slice(from, end), functions);
    if (!('message' in expression)) return { expression, end: end + 2 };
    mistakes.push({ ...expression, offset: from + Math.min(expression.offset, end - from) });
  }
  return { mistake: mistakes[0] as ExpressionMistake, end: first + 2 };
}
