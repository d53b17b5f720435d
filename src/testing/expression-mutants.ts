/** A text with one thing in its expressions changed. */
export interface TextMutant {
  /** `5 changed to 6`. */
  readonly what: string;
  readonly text: string;
}

/** Texts, names in backticks, comments; numbers; names and variables; operators. */
const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/\*[\s\S]*?\*\/|\d+(?:\.\d+)?|\$?[A-Za-z_$][\w$]*|!=|<=|>=|:=|[=<>+*/&-]/g;
const inverse: { readonly [operator: string]: string } = { '=': '!=', '!=': '=', '<': '<=', '<=': '<', '>': '>=', '>=': '>', and: 'or', or: 'and', '+': '-', '*': '+' };

/**
 * Lists what the expressions of a text could be by mistake: each number one more, each text another one, comparisons with and without
 * their bound, `and` and `or`, `+` and `-`, `true` and `false` exchanged.
 *
 * Goes by words, not by what they mean: what is no expression any more is for the caller to leave out.
 *
 * @param isBare the whole text is an expression, with or without braces
 */
export function listExpressionMutants(text: string, isBare: boolean): TextMutant[] {
  const mutants: TextMutant[] = [];
  for (const [from, to] of listSpans(text, isBare)) {
    for (const match of text.slice(from, to).matchAll(token)) {
      const [word] = match;
      const changed = change(word, text.slice(0, from + match.index), text.slice(from + match.index + word.length));
      if (changed === undefined) continue;
      const at = from + match.index;
      mutants.push({ what: `${word} changed to ${changed}`, text: text.slice(0, at) + changed + text.slice(at + word.length) });
    }
  }
  return mutants;
}

function change(word: string, before: string, after: string): string | undefined {
  if (/^\d/.test(word)) return String(Number(word) + 1);
  if (word.startsWith('"') || word.startsWith("'")) return /^\s*:(?!=)/.test(after) ? undefined : `${word.slice(0, -1)}~${word.at(-1)}`;
  if (word === 'true' || word === 'false') return word === 'true' ? 'false' : 'true';
  // A member of that name, or a sign.
  if ((word === 'and' || word === 'or') && (/\.\s*$/.test(before) || !/[\w)\]'"`]\s*$/.test(before))) return undefined;
  if (word === '*' && /[.[]\s*$/.test(before)) return undefined;
  return inverse[word];
}

/** Where expressions stand. */
function listSpans(text: string, isBare: boolean): [number, number][] {
  const spans = [...text.matchAll(/\{%([\s\S]*?)%\}/g)].map<[number, number]>(({ index, 0: whole }) => [index + 2, index + whole.length - 2]);
  return spans.length === 0 && isBare ? [[0, text.length]] : spans;
}
