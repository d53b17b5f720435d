import { expect } from 'vitest';
import type { Box } from '../../../src/inspector/graph/layout-steps.ts';

/** Boxes that lie on one another, by their places. */
export function findOverlaps(boxes: readonly Box[]): [number, number][] {
  const found: [number, number][] = [];
  const order = [...boxes.keys()].toSorted((a, b) => boxes[a]!.x - boxes[b]!.x);
  for (const [place, a] of order.entries()) {
    for (const b of order.slice(place + 1)) {
      const [one, other] = [boxes[a]!, boxes[b]!];
      if (other.x >= one.x + one.width - 0.01) break;
      if (other.y < one.y + one.height - 0.01 && one.y < other.y + other.height - 0.01) found.push([a, b]);
    }
  }
  return found;
}

/** Points along an SVG path of M, V, H, L and C with absolute coordinates, about 2 px apart where it curves. */
export function walkPath(path: string): { readonly x: number; readonly y: number }[] {
  const points: { x: number; y: number }[] = [];
  for (const [, command = '', rest = ''] of path.matchAll(/([MVHLC])([^MVHLC]*)/g)) {
    const numbers = (rest.match(/-?[\d.]+/g) ?? []).map(Number);
    const last = points.at(-1) ?? { x: 0, y: 0 };
    const to = command === 'V' ? { x: last.x, y: numbers[0]! } : command === 'H' ? { x: numbers[0]!, y: last.y } : { x: numbers.at(-2)!, y: numbers.at(-1)! };
    if (command === 'M') points.push(to);
    else {
      const [x1, y1, x2, y2] = command === 'C' ? (numbers as [number, number, number, number]) : [last.x, last.y, to.x, to.y];
      const steps = Math.max(2, Math.ceil(Math.hypot(to.x - last.x, to.y - last.y) / 2));
      for (let step = 1; step <= steps; step++) {
        const t = step / steps;
        const mix = (a: number, b: number, c: number, d: number): number => command === 'C' ? (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t ** 2 * c + t ** 3 * d : a + (d - a) * t;
        points.push({ x: mix(last.x, x1, x2, to.x), y: mix(last.y, y1, y2, to.y) });
      }
    }
  }
  return points;
}

/** Places of the boxes whose inside a path goes through, by more than half a pixel. */
export function findPierced(path: string, boxes: readonly Box[]): number[] {
  const points = walkPath(path);
  return [...boxes.keys()].filter(place => {
    const { x, y, width, height } = boxes[place]!;
    return points.some(point => point.x > x + 0.5 && point.x < x + width - 0.5 && point.y > y + 0.5 && point.y < y + height - 0.5);
  });
}

/** Expects boxes apart from each other, and inside the picture. */
export function expectApart(boxes: readonly Box[], picture: { readonly width: number; readonly height: number }): void {
  expect(findOverlaps(boxes)).toEqual([]);
  for (const { x, y, width, height } of boxes) {
    expect(x).toBeGreaterThanOrEqual(-0.1);
    expect(y).toBeGreaterThanOrEqual(-0.1);
    expect(x + width).toBeLessThanOrEqual(picture.width + 0.1);
    expect(y + height).toBeLessThanOrEqual(picture.height + 0.1);
  }
}
