import { FlowError } from './errors.ts';
import { describeValue } from './wording.ts';

type Part<Unit extends string> = '' | `${number}${Unit}`;

/** A duration in words, as far as a compiler can read it: `500ms`, `1h30m`, `PT30S`. */
export type DurationText = Exclude<`${Part<'d'>}${Part<'h'>}${Part<'m'>}${Part<'s'>}${Part<'ms'>}`, ''> | `P${string}`;

/** Ms as a number, or in words. */
export type Duration = number | DurationText;

/** Longest duration, ms: 100 years of 365 days. */
export const maxDurationMs = 100 * 365 * 86_400_000;

const short = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const iso = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const weeks = /^P(\d+(?:\.\d+)?)W$/;
const unitsMs = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/** What a duration may look like, for complaints. */
export const durationExpected = 'a duration like `500ms`, `30s`, `5m`, `2h`, `1d`, `1h30m`, `PT30S`, or a number of milliseconds';

/**
 * Reads a duration: ms as a number, `1h30m`, or ISO 8601 `PT30S`.
 *
 * Units `d h m s ms`, largest first, each at most once, with decimals (`1.5h`); ISO 8601 without years and months, which
 * have no fixed length. Rounded to whole ms. Range 0 to 100 years.
 *
 * @returns ms; undefined when the value is no duration
 */
export function toDurationMs(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? readText(value.trim()) : undefined;
  if (ms === undefined || !(ms >= 0 && ms <= maxDurationMs)) return undefined;
  return Math.round(ms);
}

function readText(text: string): number | undefined {
  if (text === '' || text === 'P' || text.length > 100) return undefined;
  const week = weeks.exec(text);
  if (week) return Number(week[1]) * 7 * 86_400_000;
  const parts = short.exec(text) ?? iso.exec(text);
  if (!parts) return undefined;
  let ms = 0;
  for (const [position, unit] of unitsMs.entries()) {
    const part = parts[position + 1];
    if (part !== undefined) ms += Number(part) * unit;
  }
  return ms;
}

/**
 * Reads a duration as `toDurationMs` does.
 *
 * @param name what it is the duration of, for the complaint
 * @throws a `FlowError` with code `duration_invalid`
 */
export function parseDuration(value: unknown, name = 'duration'): number {
  const ms = toDurationMs(value);
  if (ms === undefined) throw new FlowError('duration_invalid', `Expected \`${name}\` to be ${durationExpected}, got ${describeValue(value)}`);
  return ms;
}
