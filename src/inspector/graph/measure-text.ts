import { graphFont, type Measure, measureByTable } from './text-width.ts';

/** Measures as the browser draws; by the table where there is no canvas. Remembers what it has measured. */
export function createMeasure(): Measure {
  const context = typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d');
  if (!context) return measureByTable;
  const known = new Map<string, number>();
  return (text, size, isBold = false) => {
    const font = `${isBold ? 600 : 400} ${size}px ${graphFont}`;
    const key = `${font}|${text}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    context.font = font;
    const { width } = context.measureText(text);
    if (known.size > 20_000) known.clear();
    known.set(key, width);
    return width;
  };
}
