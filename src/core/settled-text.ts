/** How a step has ended, by the letter that stands for it; `-`: it has not. */
const letters = { completed: 'c', failed: 'f', skipped: 's', cancelled: 'x' } as const;

type Ending = keyof typeof letters;

const endings: { readonly [letter: string]: Ending } = Object.fromEntries(Object.entries(letters).map(([ending, letter]) => [letter, ending as Ending]));

/** Endings by position as text: `59cs` for 59 completed steps and a skipped one. What has not ended at the end is left out. */
export function writeEndings(statuses: readonly (string | null)[]): string {
  let text = '';
  let count = 0;
  let last = '';
  for (const status of statuses) {
    const letter = status === null ? '-' : letters[status as Ending];
    if (letter !== last) {
      if (count > 0) text += count === 1 ? last : `${count}${last}`;
      count = 0;
      last = letter;
    }
    count++;
  }
  return count === 0 || last === '-' ? text : text + (count === 1 ? last : `${count}${last}`);
}

/** Visits the positions that have ended. */
export function readEndings(text: string, visit: (position: number, ending: Ending) => void): void {
  let position = 0;
  for (const [, count, letter = ''] of text.matchAll(/(\d*)([cfsx-])/g)) {
    const end = position + (count ? Number(count) : 1);
    const ending = endings[letter];
    if (ending) for (let at = position; at < end; at++) visit(at, ending);
    position = end;
  }
}

export const isEndings = (text: unknown): boolean => typeof text === 'string' && /^(?:\d{0,9}[cfsx-])*$/.test(text);

/** The places that are marked, as text: `0-511,513`. */
export function writeRanges(marks: Uint8Array): string {
  const ranges: string[] = [];
  for (let at = 0; at < marks.length; at++) {
    if (marks[at] === 0) continue;
    const from = at;
    while (marks[at + 1] === 1) at++;
    ranges.push(from === at ? String(from) : `${from}-${at}`);
  }
  return ranges.join();
}

/** Visits ranges of places, both ends included. */
export function readRanges(text: string, visit: (from: number, to: number) => void): void {
  if (text === '') return;
  for (const range of text.split(',')) {
    const [from, to = from] = range.split('-');
    visit(Number(from), Number(to));
  }
}
