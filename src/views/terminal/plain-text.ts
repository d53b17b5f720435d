import { stripVTControlCharacters } from 'node:util';

const wide = /^(?:\p{Extended_Pictographic}\uFE0F|\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6])/u;
const segments = new Intl.Segmenter();

/** Makes text of others safe to print: no escape sequences, no control characters, one line. */
export function toPlainLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .trim();
}

/** The same of a text that may have several lines. */
export function toPlainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, '');
}

/** Counts the columns that text without escape sequences takes up. */
export function measure(text: string): number {
  if (/^[\u0020-\u007E]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segments.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** Cuts a line to so many columns; what was cut ends in `…`. */
export function shorten(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (measure(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const { segment } of segments.segment(text)) {
    width += wide.test(segment) ? 2 : 1;
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Fills with spaces up to so many columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - measure(text)));
}

/** Writes any JSON value in one line. */
export function toCompactJson(value: unknown, columns: number): string {
  return shorten(toPlainLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')), columns);
}
