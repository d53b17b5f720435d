import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeScale, findGaps, formatTime, listTicks } from '../../../src/inspector/graph/time-scale.ts';
import { findRange, listBusy, listShown, nameRow, placeSpans, type TimelineRow, type TimelineSpan } from '../../../src/inspector/graph/timeline-rows.ts';
import { makeTimeline, timelineStart } from './timeline-examples.ts';

const interval = fc.tuple(fc.nat(10_000_000), fc.nat(100_000)).map(([from, length]) => ({ from, to: from + length }));
const scales = fc.tuple(fc.array(interval, { maxLength: 12 }), fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 120, max: 2_000 })).map(([busy, length, width]) => {
  const range = { from: 0, to: length };
  return { busy, range, width, gaps: findGaps(busy, range) };
});
const hour = 3_600_000;

describe('a scale of time', () => {
  it('rises with the time, from edge to edge, and leads back', () => {
    fc.assert(fc.property(scales, fc.array(fc.double({ min: -0.5, max: 1.5, noNaN: true }), { maxLength: 20 }), ({ range, width, gaps }, parts) => {
      const scale = createTimeScale(range, width, gaps);
      expect(scale.toX(range.from)).toBeCloseTo(0, 5);
      expect(scale.toX(range.to)).toBeCloseTo(width, 5);
      const times = parts.map(part => range.from + part * (range.to - range.from)).toSorted((a, b) => a - b);
      const places = times.map(time => scale.toX(time));
      for (const [index, place] of places.entries()) {
        if (index > 0 && times[index]! > times[index - 1]!) expect(place).toBeGreaterThanOrEqual(places[index - 1]!);
        expect(Math.abs(scale.toTime(place) - times[index]!)).toBeLessThan(1 + (range.to - range.from) * 1e-6);
      }
    }));
  });

  it('squeezes no time in which something runs', () => {
    fc.assert(fc.property(scales, ({ busy, range, gaps }) => {
      for (const gap of gaps) {
        expect(gap.to).toBeGreaterThan(gap.from);
        expect(gap.lengthMs).toBeGreaterThanOrEqual(gap.to - gap.from);
        for (const one of busy) if (one.to >= range.from && one.from <= range.to) expect(one.to < gap.from || one.from > gap.to).toBe(true);
      }
    }));
  });

  it('gives two hours of waiting between two seconds of work a mark, and not the picture', () => {
    const range = { from: 0, to: 2 * hour + 2_000 };
    const gaps = findGaps([{ from: 0, to: 1_000 }, { from: 2 * hour + 1_000, to: range.to }], range);
    const { breaks, toX } = createTimeScale(range, 800, gaps);
    expect(breaks.map(({ label, width }) => [label, width])).toEqual([['2 h', 44]]);
    expect(toX(1_000)).toBeGreaterThan(300);
    expect(toX(range.to) - toX(2 * hour + 1_000)).toBeGreaterThan(300);
  });

  it('leaves short pauses as they are', () => {
    expect(findGaps([{ from: 0, to: 400 }, { from: 1_300, to: 2_000 }], { from: 0, to: 2_000 })).toEqual([]);
    expect(findGaps([{ from: 0, to: 400_000 }, { from: 402_000, to: 800_000 }], { from: 0, to: 800_000 })).toEqual([]);
  });

  it('is whole where all of the window is idle', () => {
    const gap = { from: 0, to: hour, lengthMs: hour };
    const { toX, toTime, breaks } = createTimeScale({ from: 600_000, to: 1_200_000 }, 500, [gap]);
    expect([toX(600_000), toX(900_000), toX(1_200_000), toTime(250)]).toEqual([0, 250, 500, 900_000]);
    expect(breaks).toHaveLength(1);
  });

  it('has marks with room between them, none in a squeezed stretch, at times that are even from the beginning', () => {
    fc.assert(fc.property(scales, ({ range, width, gaps }) => {
      const scale = createTimeScale(range, width, gaps);
      const ticks = listTicks(scale, range.from);
      expect(ticks.length).toBeLessThanOrEqual(width / 60 + 1);
      for (const [index, { at, x, label }] of ticks.entries()) {
        expect(x).toBeCloseTo(scale.toX(at), 6);
        expect(scale.breaks.some(one => at > one.from && at < one.to)).toBe(false);
        expect(ticks.findIndex(other => other.label === label)).toBe(index);
        if (index > 0) expect(x - ticks[index - 1]!.x).toBeGreaterThanOrEqual(60);
      }
    }));
    expect(listTicks(createTimeScale({ from: 0, to: 1_000 }, 400), 0).map(({ label }) => label)).toEqual(['+0 ms', '+200 ms', '+400 ms', '+600 ms', '+800 ms', '+1.0 s']);
    expect(listTicks(createTimeScale({ from: 59_000, to: 61_000 }, 400), 0).map(({ label }) => label)).toEqual(['+59.0 s', '+59.5 s', '+1:00.0', '+1:00.5', '+1:01.0']);
    expect(listTicks(createTimeScale({ from: 7_200_000, to: 7_260_000 }, 400), 0).map(({ label }) => label)).toEqual(['+2:00:00', '+2:00:15', '+2:00:30', '+2:00:45', '+2:01:00']);
    expect(listTicks(createTimeScale({ from: 90_000_000, to: 93_600_000 }, 400), 0).map(({ label }) => label)).toEqual(['+1 d 1:00:00', '+1 d 1:15:00', '+1 d 1:30:00', '+1 d 1:45:00', '+1 d 2:00:00']);
  });

  it('takes no longer over a year of idle time', () => {
    const year = 31_536_000_000;
    const gaps = findGaps([{ from: 0, to: 10 }, { from: year, to: year + 10 }], { from: 0, to: year + 10 });
    expect(listTicks(createTimeScale({ from: 0, to: year + 10 }, 800, gaps), 0).length).toBeLessThan(14);
  });

  it('tells times to the millisecond', () => {
    expect(formatTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime(), true)).toBe('2026-01-02 03:04:05.006');
    expect(formatTime(new Date(2026, 0, 2, 13, 4, 5, 60).getTime())).toBe('13:04:05.060');
  });
});

describe('the rows of a timeline', () => {
  const { rows, now } = makeTimeline(1, 7);

  it('hold items back until their step is opened', () => {
    const closed = listShown(rows, new Set());
    expect(closed.map(({ row }) => row.id)).toEqual(rows.filter(({ parent }) => parent === undefined).map(({ id }) => id));
    expect(closed.find(({ row }) => row.id === 'step-2')!.children).toHaveLength(6);
    const open = listShown(rows, new Set(['step-2']));
    expect(open.map(({ row }) => row.id)).toEqual(rows.map(({ id }) => id));
    expect(open.map(({ depth }) => depth)).toEqual(rows.map(({ parent }) => (parent === undefined ? 0 : 1)));
  });

  it('shows rows whose parent is not there', () => {
    expect(listShown([{ id: 'a', name: 'a', parent: 'gone', status: 'pending', spans: [] }], new Set()).map(({ row }) => row.id)).toEqual(['a']);
  });

  it('reach from the first beginning to the last end, or to now where something goes on', () => {
    const { from, to } = findRange(rows, now);
    expect(from).toBe(Math.min(...rows.flatMap(({ spans }) => spans.map(span => span.from))));
    expect(to).toBe(now);
    expect(findRange([], 5_000)).toEqual({ from: 4_000, to: 5_000 });
  });

  it('count waits and back-offs as idle time', () => {
    const span = (kind: TimelineSpan['kind'], end: number | null): TimelineRow => ({ id: kind, name: kind, status: 'running', spans: [{ kind, from: 10, to: end, status: 'running', label: '' }] });
    expect(listBusy([span('attempt', 20), span('wait', 90), span('attempt', null)], 50)).toEqual([{ from: 10, to: 20 }, { from: 10, to: 10 }, { from: 90, to: 90 }, { from: 10, to: 50 }]);
  });

  it('join spans that fall together, and lose none', () => {
    const spans = Array.from({ length: 5_000 }, (_, index): TimelineSpan => ({ kind: 'attempt', from: timelineStart + index * 10, to: timelineStart + index * 10 + 8, status: 'completed', label: '' }));
    const placed = placeSpans(spans, createTimeScale({ from: timelineStart, to: timelineStart + 50_000 }, 600), now);
    expect(placed.length).toBeLessThan(610);
    expect(placed.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
  });

  it('place what is in view only, no wider than the picture', () => {
    const scale = createTimeScale({ from: 1_000, to: 2_000 }, 500);
    const span = (from: number, to: number | null): TimelineSpan => ({ kind: 'attempt', from, to, status: 'running', label: '' });
    expect(placeSpans([span(0, 900), span(2_100, 2_200)], scale, 3_000)).toEqual([]);
    expect(placeSpans([span(0, null)], scale, 9_000).map(({ x, width }) => [x, width])).toEqual([[-2, 504]]);
    expect(placeSpans([span(1_500, 1_500)], scale, 0).map(({ x, width }) => [x, width])).toEqual([[250, 3]]);
  });

  it('have names for people who hear the page', () => {
    const [shown] = listShown(rows, new Set()).slice(2);
    expect(nameRow(shown!, timelineStart, now)).toMatch(/^lines: completed, (\d attempts, )?6 items, from \+\S+ \S+, \S+ \S+$/);
    expect(nameRow({ row: { id: 'a', name: 'a', status: 'pending', spans: [] }, depth: 0, children: [], isOpen: false }, 0, 0)).toBe('a: pending');
  });
});
