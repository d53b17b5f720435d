/** Width of a text, px, at a font size in px. Bold is weight 600. */
export type Measure = (text: string, size: number, bold?: boolean) => number;

/** What the graphs are set in; the same for measuring and for drawing. */
export const graphFont = 'ui-sans-serif, system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

/** Advance widths of DejaVu Sans, a wide font, from U+0020 to U+007E, in hundredths of an em. */
const regular = '32 40 46 84 64 95 78 27 39 39 50 84 32 36 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84 84 53 100 68 69 70 77 63 58 77 75 29 29 66 56 86 75 79 60 79 69 63 61 73 68 99 69 61 69 39 34 39 84 50 50 61 63 55 63 62 35 63 63 28 28 58 28 97 63 61 63 63 41 52 39 63 59 82 59 59 52 64 34 64 84'.split(' ').map(Number);
const bold = '35 46 52 84 70 100 87 31 46 46 52 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84 84 58 100 77 76 73 83 68 68 82 84 37 37 77 64 100 84 85 73 85 77 72 68 81 77 110 77 72 73 46 37 46 84 50 50 67 72 59 72 68 44 72 71 34 34 67 34 104 71 69 72 72 49 60 48 71 65 92 65 65 58 71 37 71 84'.split(' ').map(Number);

/** Measures by a table: the same everywhere, and rather too wide than too narrow. */
export const measureByTable: Measure = (text, size, isBold = false) => {
  const widths = isBold ? bold : regular;
  let sum = 0;
  // What is not in the table is taken to be a full em wide.
  for (const letter of text) sum += widths[(letter.codePointAt(0) ?? 0) - 32] ?? 100;
  return (sum * size) / 100;
};

/** A text cut so that it fits, with an ellipsis where it is cut. */
export function fitText(text: string, width: number, measure: Measure, size: number, isBold = false): string {
  if (measure(text, size, isBold) <= width) return text;
  const letters = [...text];
  let [low, high] = [0, letters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${letters.slice(0, middle).join('')}…`, size, isBold) <= width) low = middle;
    else high = middle - 1;
  }
  return `${letters.slice(0, low).join('').trimEnd()}…`;
}
