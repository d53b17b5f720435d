import { FlowError } from './errors.ts';
import { formatPath } from './wording.ts';

/** Digits enough for a whole number that is none of JavaScript's. */
const mayBeInexact = /\d{16}/;
const whole = /^[-+]?\d+(?:\.0*)?$/;

/** Tells whether a whole number that was written became another one when it was read. */
export function isInexact(written: string, value: number): boolean {
  if (Number.isSafeInteger(value)) return false;
  if (/^[-+]?0[xob]/i.test(written)) return BigInt(written.replace(/^[-+]/, '')) !== BigInt(Math.abs(value));
  // As JavaScript writes it: the shortest digits from which the same number comes back.
  if (String(value) === written.replaceAll(/^\+|\.0*$/g, '')) return false;
  return whole.test(written) && (!Number.isFinite(value) || BigInt(written.replaceAll(/^\+|\.0*$/g, '')) !== BigInt(value));
}

/** Says why a whole number is refused, and what to do. */
export const describeInexact = (written: string): string =>
  `Expected a whole number that a number can hold exactly (each up to 2^53), got \`${written.slice(0, 100)}\`; write it as a text`;

/**
 * Reads JSON that somebody else wrote: every value is kept, or refused.
 *
 * A byte order mark in front is left out, as programs on Windows write it.
 *
 * @throws a `SyntaxError`; or a `FlowError` with code `number_inexact` for a whole number that would become another one
 */
export function parseJsonText(text: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const value: unknown = JSON.parse(json);
  // A second time, and only then: being asked about every value takes five times as long.
  if (mayBeInexact.test(json)) JSON.parse(json, refuseInexact as (key: string, value: unknown) => unknown);
  return value;
}

function refuseInexact(this: unknown, key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return undefined;
  if (!isInexact(context.source, value)) return undefined;
  const at = key === '' ? '' : ` at \`${formatPath([Array.isArray(this) ? Number(key) : key])}\``;
  throw new FlowError('number_inexact', `${describeInexact(context.source)}${at}`);
}

/** As `JSON.stringify` of a text. Short ones of plain letters, as names are, cost a quarter. */
export function quoteText(text: string): string {
  if (text.length > 64) return JSON.stringify(text);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return JSON.stringify(text);
  }
  return `"${text}"`;
}
