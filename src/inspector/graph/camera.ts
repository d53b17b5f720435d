import type { Box } from './layout-steps.ts';

/** Where a picture is seen from: a point p of it is at `p × scale + (x, y)` of the window. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Sizes in px. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const [leastScale, mostScale] = [0.08, 2.5] as const;
/** Room around the picture, px of the window. */
const margin = 24;
/** Below these letters cannot be read at a glance: all of a picture is shown down to the first, a part of it down to the second. */
const [overview, readable] = [0.6, 0.75];

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

/** Keeps the picture in the window: centred where it is smaller, else never farther away than its margin. */
export function keepInside({ x, y, scale }: Camera, picture: Size, window: Size): Camera {
  const keep = (at: number, length: number, room: number): number =>
    length + 2 * margin <= room ? (room - length) / 2 : clamp(at, room - length - margin, margin);
  return { scale, x: keep(x, picture.width * scale, window.width), y: keep(y, picture.height * scale, window.height) };
}

/** Shows all of the picture, never larger than life. */
export function fit(picture: Size, window: Size): Camera {
  const scale = clamp(Math.min((window.width - 2 * margin) / picture.width, (window.height - 2 * margin) / picture.height, 1), leastScale, 1);
  return keepInside({ x: 0, y: 0, scale: Number.isFinite(scale) ? scale : 1 }, picture, window);
}

/** What is seen at first: all of it if it can be read so, else where it begins. */
export function begin(picture: Size, window: Size, start: Box): Camera {
  const all = fit(picture, window);
  if (all.scale >= overview) return all;
  const scale = clamp((window.width - 2 * margin) / picture.width, readable, 1);
  return keepInside({ x: window.width / 2 - (start.x + start.width / 2) * scale, y: margin - start.y * scale, scale }, picture, window);
}

/** Zooms; the point of the window stays where it is. */
export function zoom(camera: Camera, factor: number, at: { readonly x: number; readonly y: number }): Camera {
  const scale = clamp(camera.scale * factor, leastScale, mostScale);
  const by = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * by, y: at.y - (at.y - camera.y) * by };
}

/** The least move that brings a box of the picture into the window. */
export function show(camera: Camera, box: Box, window: Size): Camera {
  const move = (at: number, from: number, length: number, room: number): number => {
    const [start, end] = [from * camera.scale + at, (from + length) * camera.scale + at];
    if (start >= margin && end <= room - margin) return at;
    if (end - start > room - 2 * margin) return at + margin - start;
    return start < margin ? at + margin - start : at + room - margin - end;
  };
  return { ...camera, x: move(camera.x, box.x, box.width, window.width), y: move(camera.y, box.y, box.height, window.height) };
}

/** Steps in which what is in view is told, px of the picture: a small move changes nothing. */
const tile = 240;

/** What is in view, with some room around it; the same box for small moves. */
export function inView({ x, y, scale }: Camera, { width, height }: Size): Box {
  const down = (value: number): number => Math.floor(value / tile) * tile;
  const [left, top] = [down(-x / scale) - tile, down(-y / scale) - tile];
  return { x: left, y: top, width: down((width - x) / scale) + 2 * tile - left, height: down((height - y) / scale) + 2 * tile - top };
}

/** Whether two boxes touch. */
export const touches = (a: Box, b: Box): boolean => a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
