import { formatLength } from './step-graph.ts';

/** A stretch of time, epoch ms. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Idle time that is to be drawn short; a little of it stays on each side, so that it is longer than what is cut. */
export interface Gap extends Interval {
  readonly lengthMs: number;
}

/** A stretch of idle time that is drawn short. */
export interface TimeBreak extends Interval {
  /** Left and right edge, px. */
  readonly x: number;
  readonly width: number;
  /** How long it is: `2 h`. */
  readonly label: string;
}

export interface TimeTick {
  readonly at: number;
  readonly x: number;
  /** Since the beginning of the whole: `+1.5 s`, `+2:00:25`. */
  readonly label: string;
}

/** Time as a place on a line; parts of idle time are squeezed. */
export interface TimeScale extends Interval {
  readonly width: number;
  /** Rises with the time; times outside lie outside. */
  toX(at: number): number;
  toTime(x: number): number;
  readonly breaks: readonly TimeBreak[];
}

/** Width of a squeezed stretch, px. */
const breakWidth = 44;
/** Idle time is squeezed where it takes more than this part of what would be left. */
const worthSqueezing = 0.2;
/** Shorter than this nothing is squeezed, ms. */
const leastGapMs = 1_000;

/** Joins what overlaps; in order. */
function joinIntervals(intervals: readonly Interval[]): Interval[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** Idle stretches that are to be squeezed: the longest ones, as long as each is much of what is left. */
export function findGaps(busy: readonly Interval[], { from, to }: Interval): Gap[] {
  const inside = joinIntervals(busy.filter(one => one.to >= from && one.from <= to));
  const idle: Interval[] = [];
  let at = from;
  for (const one of inside) {
    if (one.from > at) idle.push({ from: at, to: one.from });
    at = Math.max(at, one.to);
  }
  if (at < to) idle.push({ from: at, to });
  let left = to - from;
  const squeezed: Gap[] = [];
  for (const gap of idle.toSorted((a, b) => b.to - b.from - (a.to - a.from))) {
    const length = gap.to - gap.from;
    if (length < leastGapMs || length < worthSqueezing * left) break;
    const kept = Math.min(length * 0.05, (left - length) * 0.03);
    squeezed.push({ from: gap.from + kept, to: gap.to - kept, lengthMs: length });
    left -= length - 2 * kept;
  }
  return squeezed.toSorted((a, b) => a.from - b.from);
}

/**
 * Maps times to places from 0 to `width`.
 *
 * @param gaps stretches to squeeze, in order and apart; those outside are ignored
 */
export function createTimeScale({ from, to }: Interval, width: number, gaps: readonly Gap[] = []): TimeScale {
  const end = Math.max(to, from + 1);
  const cut = gaps.flatMap(gap => (gap.to <= from || gap.from >= end ? [] : [{ from: Math.max(from, gap.from), to: Math.min(end, gap.to), lengthMs: gap.lengthMs }]));
  // Of a window that is mostly break, breaks take no more than half.
  const each = cut.length === 0 ? 0 : Math.min(breakWidth, width / 2 / cut.length);
  const shown = end - from - cut.reduce((sum, gap) => sum + gap.to - gap.from, 0);
  const perMs = shown > 0 ? (width - each * cut.length) / shown : 0;
  const segments: { readonly from: number; readonly to: number; readonly x: number; readonly width: number }[] = [];
  let [at, x] = [from, 0];
  const push = (until: number, length: number): void => {
    segments.push({ from: at, to: until, x, width: length });
    [at, x] = [until, x + length];
  };
  for (const gap of cut) {
    if (gap.from > at) push(gap.from, (gap.from - at) * perMs);
    push(gap.to, shown > 0 ? each : width / cut.length);
  }
  if (at < end) push(end, (end - at) * perMs);
  const slope = perMs > 0 ? perMs : width / (end - from);
  return {
    from, to: end, width,
    breaks: cut.map(gap => {
      const segment = segments.find(one => one.from === gap.from)!;
      return { from: gap.from, to: gap.to, x: segment.x, width: segment.width, label: formatLength(gap.lengthMs) };
    }),
    toX(time) {
      if (time <= from) return (time - from) * slope;
      const segment = segments.find(one => time <= one.to);
      return segment ? segment.x + ((time - segment.from) / (segment.to - segment.from)) * segment.width : width + (time - end) * slope;
    },
    toTime(place) {
      if (place <= 0) return from + place / slope;
      const segment = segments.find(one => place <= one.x + one.width);
      return segment ? segment.from + ((place - segment.x) / segment.width) * (segment.to - segment.from) : end + (place - width) / slope;
    },
  };
}

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Time since the beginning, as exact as the marks are apart: `+200 ms`, `+2.5 s`, `+1:05`, `+2:00:25`, `+1 d 2:00:00`. */
function formatOffset(ms: number, step: number): string {
  const sign = ms < 0 ? '−' : '+';
  const value = Math.abs(ms);
  if (value < 1_000) return `${sign}${Math.round(value)} ms`;
  const digits = step >= 1_000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3;
  if (value < 60_000) return `${sign}${(value / 1_000).toFixed(digits)} s`;
  const days = Math.floor(value / 86_400_000);
  const [hours, minutes] = [Math.floor(value / 3_600_000) % 24, Math.floor(value / 60_000) % 60];
  const seconds = ((value % 60_000) / 1_000).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, '0');
  const isLong = days > 0 || hours > 0;
  return `${sign}${days > 0 ? `${days} d ` : ''}${isLong ? `${hours}:` : ''}${isLong ? String(minutes).padStart(2, '0') : minutes}:${seconds}`;
}

/** Marks at even times, each with room for its label; none in a squeezed stretch. */
export function listTicks(scale: TimeScale, begin: number, room = 76): TimeTick[] {
  const { from, to, width, breaks } = scale;
  const squeezed = breaks.reduce((sum, one) => sum + one.to - one.from, 0);
  const perPx = (to - from - squeezed) / Math.max(1, width - breaks.reduce((sum, one) => sum + one.width, 0));
  const step = steps.find(one => one >= perPx * room) ?? Math.ceil((perPx * room) / 86_400_000) * 86_400_000;
  const ticks: TimeTick[] = [];
  const first = Math.ceil((from - begin) / step);
  const last = Math.floor((to - begin) / step);
  for (let index = first; index <= last; index++) {
    const at = begin + index * step;
    const gap = breaks.find(one => at > one.from && at < one.to);
    if (gap) {
      // On to the end of the gap at once: it may hold any number of steps.
      index = Math.max(index, Math.ceil((gap.to - begin) / step) - 1);
      continue;
    }
    const x = scale.toX(at);
    const before = ticks.at(-1);
    if (before && x - before.x < room * 0.8) continue;
    if (breaks.some(one => x > one.x - room && x < one.x + one.width + 16)) continue;
    ticks.push({ at, x, label: formatOffset(at - begin, step) });
  }
  return ticks;
}

/** A time of day, and the day where that is asked for; local time. */
export function formatTime(at: number, withDay = false): string {
  const date = new Date(at);
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} `;
  return `${withDay ? day : ''}${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}
