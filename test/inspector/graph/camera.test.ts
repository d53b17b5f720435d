import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { begin, fit, inView, keepInside, show, touches, zoom } from '../../../src/inspector/graph/camera.ts';

const size = fc.record({ width: fc.integer({ min: 50, max: 5_000 }), height: fc.integer({ min: 50, max: 5_000 }) });
const window = fc.record({ width: fc.integer({ min: 200, max: 2_000 }), height: fc.integer({ min: 200, max: 2_000 }) });
const camera = fc.record({ x: fc.integer({ min: -5_000, max: 5_000 }), y: fc.integer({ min: -5_000, max: 5_000 }), scale: fc.double({ min: 0.1, max: 2, noNaN: true }) });

describe('a camera', () => {
  it('never loses the picture, and centres what is smaller than the window', () => {
    fc.assert(fc.property(camera, size, window, (given, picture, room) => {
      const { x, y, scale } = keepInside(given, picture, room);
      for (const [at, length, space] of [[x, picture.width * scale, room.width], [y, picture.height * scale, room.height]] as const) {
        if (length + 48 <= space) expect(at).toBeCloseTo((space - length) / 2, 6);
        else expect([at <= 24 + 1e-6, at + length >= space - 24 - 1e-6]).toEqual([true, true]);
      }
    }));
  });

  it('shows all of a picture, no larger than life', () => {
    fc.assert(fc.property(size, window, (picture, room) => {
      const { x, y, scale } = fit(picture, room);
      expect(scale).toBeLessThanOrEqual(1);
      if (scale > 0.08) expect([x >= 23.9, y >= 23.9, x + picture.width * scale <= room.width - 23.9, y + picture.height * scale <= room.height - 23.9]).toEqual([true, true, true, true]);
    }));
  });

  it('begins with all of the picture if that can be read, else where it begins, in letters that can', () => {
    const start = { x: 1_900, y: 0, width: 200, height: 50 };
    expect(begin({ width: 1_300, height: 400 }, { width: 1_000, height: 600 }, start)).toEqual(fit({ width: 1_300, height: 400 }, { width: 1_000, height: 600 }));
    const { x, y, scale } = begin({ width: 4_000, height: 3_000 }, { width: 1_000, height: 600 }, start);
    expect([x + 2_000 * scale, y, scale]).toEqual([500, 24, 0.75]);
  });

  it('zooms about a point of the window', () => {
    fc.assert(fc.property(camera, fc.double({ min: 0.5, max: 2, noNaN: true }), fc.integer({ min: 0, max: 1_000 }), (given, factor, at) => {
      const next = zoom(given, factor, { x: at, y: at });
      expect((at - next.x) / next.scale).toBeCloseTo((at - given.x) / given.scale, 3);
      expect(next.scale).toBeGreaterThanOrEqual(0.08);
      expect(next.scale).toBeLessThanOrEqual(2.5);
    }));
  });

  it('brings a box into view with the least move, and leaves it where it is in view', () => {
    fc.assert(fc.property(camera, window, fc.integer({ min: 0, max: 4_000 }), (given, room, at) => {
      const box = { x: at, y: at, width: 40, height: 40 };
      const shown = show(given, box, room);
      const [left, right] = [shown.x + at * shown.scale, shown.x + (at + 40) * shown.scale];
      expect([left >= 23.9, right <= room.width - 23.9]).toEqual([true, true]);
      expect(show(shown, box, room).x).toBeCloseTo(shown.x, 6);
    }));
  });

  it('tells more than what is in view, and the same for small moves', () => {
    fc.assert(fc.property(camera, window, (given, room) => {
      const seen = inView(given, room);
      const [left, right] = [-given.x / given.scale, (room.width - given.x) / given.scale];
      expect([seen.x <= left, seen.x + seen.width >= right]).toEqual([true, true]);
    }));
    const room = { width: 800, height: 600 };
    expect(inView({ x: -10, y: -10, scale: 1 }, room)).toEqual(inView({ x: -12, y: -15, scale: 1 }, room));
    expect(touches({ x: 0, y: 0, width: 10, height: 10 }, { x: 11, y: 0, width: 5, height: 5 })).toBe(false);
    expect(touches({ x: 0, y: 0, width: 10, height: 10 }, { x: 9, y: 9, width: 5, height: 5 })).toBe(true);
  });
});
