/** What people write out of habit, and how JSONata says it. The first that fits is the cure. */
const habits: readonly (readonly [pattern: RegExp, cure: string])[] = [
  [/\{\{|\}\}/, 'an expression stands between `{%` and `%}`, not between `{{` and `}}`'],
  [/[!=]==/, 'JSONata compares with `=` and `!=`'],
  [/(?<![=!<>])==/, 'JSONata compares with `=`'],
  [/&&/, '`and` joins two conditions'],
  [/\|\|/, '`or` joins two conditions'],
  [/!(?!=)/, '`$not(…)` turns a condition round'],
  [/\?\./, 'a path that leads nowhere is no value by itself: write `.`'],
];

/** Texts in an expression say nothing of how it is written. */
// One that is not closed goes to the end: it must not be looked at again from each quote in it.
const withoutTexts = (source: string): string => source.replaceAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|'(?:[^'\\]|\\.)*(?:'|\\?$)|`[^`]*(?:`|$)/gs, '""');

/** The cure for an expression that cannot be read, as the end of a complaint; empty: none is known. */
export function findCure(source: string): string {
  const bare = withoutTexts(source);
  const cure = habits.find(([pattern]) => pattern.test(bare))?.[1];
  return cure === undefined ? '' : `; ${cure}`;
}

/** Names with `-` that are written as if they were one: `steps.get-balance` is a subtraction. */
export function findHyphenated(source: string, isStep: (id: string) => boolean): string | undefined {
  if (!source.includes('-')) return undefined;
  for (const [, name = ''] of withoutTexts(source).matchAll(/steps\.([\w-]*-[\w-]*)/g)) if (isStep(name)) return name;
  return undefined;
}

/** The name with `-` that a word of an expression is the end of; undefined: it is none. */
export function findHyphenName(source: string, word: string): string | undefined {
  if (!/^\w+$/.test(word)) return undefined;
  return new RegExp(String.raw`\.([A-Za-z_]\w*(?:-\w+)*-${word})(?![\w-])`).exec(withoutTexts(source))?.[1];
}
