import { computed, signal, useSignal, type ReadonlySignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { begin, type Camera, fit, inView, keepInside, show, type Size, zoom } from './camera.ts';
import type { Box } from './layout-steps.ts';
import { graphFont } from './text-width.ts';

/** Steers a picture from outside: brings boxes into view. */
export interface View {
  /** What is in view, in tiles; read it where only that is drawn. */
  readonly seen: ReadonlySignal<Box>;
  show(box: Box): void;
}

export interface ViewportProps {
  /** Size of the picture, px. */
  readonly width: number;
  readonly height: number;
  /** Where it begins: seen at first if not all of it can be. */
  readonly start: Box;
  /** Its name for people who hear the page. */
  readonly label: string;
  /** All of it is seen at first, however small that is. Default: only while it can be read. */
  readonly isFitted?: boolean | undefined;
  /** Another picture begins where it begins; the same one stays where it is. */
  readonly pictureKey: string;
  readonly view: (view: View) => void;
  /** Further buttons. */
  readonly tools?: ComponentChildren;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly onClick?: (event: MouseEvent) => void;
  readonly onDoubleClick?: (event: MouseEvent) => void;
  readonly onFocusIn?: (event: FocusEvent) => void;
  readonly children: ComponentChildren;
}

/** Pointer moves that are less than this are a click, px. */
const clickRoom = 4;
const glideMs = 180;

const wantsStillness = (): boolean => typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A picture that can be moved and zoomed, by pointer, wheel, pinch and keys (`+`, `-`, `0`, Shift and arrows). */
export function Viewport({ width, height, start, label, isFitted, pictureKey, view, tools, onKeyDown, onClick, onDoubleClick, onFocusIn, children }: ViewportProps): VNode {
  const host = useRef<HTMLDivElement>(null);
  const window = useSignal<Size>({ width: 0, height: 0 });
  const camera = useSignal<Camera>({ x: 0, y: 0, scale: 1 });
  const picture = useRef({ width, height, start });
  picture.current = { width, height, start };
  const glide = useRef(0);
  const wasMoved = useRef(false);

  const lookFirst = (size: Size): Camera =>
    isFitted ? fit(picture.current, size) : begin(picture.current, size, picture.current.start);

  const move = (next: Camera, smoothly = false): void => {
    cancelAnimationFrame(glide.current);
    const to = keepInside(next, picture.current, window.value);
    if (!smoothly || wantsStillness()) {
      camera.value = to;
      return;
    }
    const from = camera.value;
    let began: number | undefined;
    const frame = (now: number): void => {
      began ??= now;
      const part = Math.min(1, (now - began) / glideMs);
      const eased = 1 - (1 - part) ** 3;
      const mix = (a: number, b: number): number => a + (b - a) * eased;
      camera.value = { x: mix(from.x, to.x), y: mix(from.y, to.y), scale: mix(from.scale, to.scale) };
      if (part < 1) glide.current = requestAnimationFrame(frame);
    };
    glide.current = requestAnimationFrame(frame);
  };

  const { transform, seen } = useMemo(() => {
    let last: Box = { x: 0, y: 0, width: 0, height: 0 };
    const boxes = computed(() => {
      const next = inView(camera.value, window.value);
      // The same box again is no change.
      if (next.x !== last.x || next.y !== last.y || next.width !== last.width || next.height !== last.height) last = next;
      return last;
    });
    return { seen: boxes, transform: computed(() => `translate(${camera.value.x} ${camera.value.y}) scale(${camera.value.scale})`) };
  }, []);

  // Before what it holds is drawn, which asks it what is in view.
  view(useMemo(() => ({ seen, show: box => move(show(camera.peek(), box, window.peek()), true) }), []));

  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const measure = (): void => {
      const wasEmpty = window.peek().width === 0;
      window.value = { width: element.clientWidth, height: element.clientHeight };
      camera.value = wasEmpty ? lookFirst(window.value) : keepInside(camera.peek(), picture.current, window.value);
    };
    measure();
    const observer = typeof ResizeObserver === 'function' ? new ResizeObserver(measure) : undefined;
    observer?.observe(element);
    return () => {
      observer?.disconnect();
      cancelAnimationFrame(glide.current);
    };
  }, []);

  const first = useRef(true);
  useLayoutEffect(() => {
    if (!first.current) camera.value = lookFirst(window.peek());
    first.current = false;
  }, [pictureKey]);

  useEffect(() => {
    const element = host.current;
    const wheel = (event: WheelEvent): void => {
      const area = element!.getBoundingClientRect();
      const unit = event.deltaMode === 1 ? 16 : 1;
      const next = event.ctrlKey || event.metaKey
        ? zoom(camera.peek(), Math.exp(-event.deltaY * unit * 0.004), { x: event.clientX - area.left, y: event.clientY - area.top })
        : { ...camera.peek(), x: camera.peek().x - (event.shiftKey ? event.deltaY : event.deltaX) * unit, y: camera.peek().y - (event.shiftKey ? 0 : event.deltaY) * unit };
      const before = camera.peek();
      move(next);
      // At its border the page scrolls on.
      if (event.ctrlKey || event.metaKey || before.x !== camera.peek().x || before.y !== camera.peek().y) event.preventDefault();
    };
    element?.addEventListener('wheel', wheel, { passive: false });
    return () => element?.removeEventListener('wheel', wheel);
  }, []);

  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const pointerDown = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest('.graph-tools')) return;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    wasMoved.current = false;
  };
  const pointerMove = (event: PointerEvent): void => {
    const last = pointers.current.get(event.pointerId);
    if (!last) return;
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
    if (!wasMoved.current && Math.hypot(dx, dy) < clickRoom) return;
    if (!wasMoved.current) host.current?.setPointerCapture(event.pointerId);
    wasMoved.current = true;
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    const { x, y, scale } = camera.peek();
    if (other) {
      const area = host.current!.getBoundingClientRect();
      const factor = Math.hypot(event.clientX - other.x, event.clientY - other.y) / Math.max(1, Math.hypot(last.x - other.x, last.y - other.y));
      move(zoom({ x: x + dx / 2, y: y + dy / 2, scale }, factor, { x: (event.clientX + other.x) / 2 - area.left, y: (event.clientY + other.y) / 2 - area.top }));
    } else move({ x: x + dx, y: y + dy, scale });
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };
  const pointerEnd = (event: PointerEvent): void => void pointers.current.delete(event.pointerId);

  const zoomBy = (factor: number): void => move(zoom(camera.peek(), factor, { x: window.peek().width / 2, y: window.peek().height / 2 }), true);
  const showAll = (): void => move(fit(picture.current, window.peek()), true);
  const keyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { x, y, scale } = camera.peek();
    const pan = 80;
    const moves: Readonly<Record<string, Camera>> = { ArrowLeft: { x: x + pan, y, scale }, ArrowRight: { x: x - pan, y, scale }, ArrowUp: { x, y: y + pan, scale }, ArrowDown: { x, y: y - pan, scale } };
    if (event.key === '+' || event.key === '=') zoomBy(1.25);
    else if (event.key === '-' || event.key === '_') zoomBy(0.8);
    else if (event.key === '0') showAll();
    else if (event.shiftKey && moves[event.key]) move(moves[event.key]!, true);
    else {
      onKeyDown?.(event);
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return <div class="graph-view" ref={host} onKeyDown={keyDown} onPointerDown={pointerDown} onPointerMove={pointerMove} onPointerUp={pointerEnd} onPointerCancel={pointerEnd}
    onClick={event => wasMoved.current || onClick?.(event)} onDblClick={event => wasMoved.current || onDoubleClick?.(event)} onFocusIn={onFocusIn}>
    <svg class="graph" role="group" aria-label={label} font-family={graphFont} width="100%" height="100%">
      <g transform={transform}>{children}</g>
    </svg>
    <div class="graph-tools" role="group" aria-label={`View of ${label}`}>
      {tools}
      <button type="button" onClick={() => zoomBy(0.8)} aria-label="Zoom out" title="Zoom out (-)">−</button>
      <button type="button" onClick={() => zoomBy(1.25)} aria-label="Zoom in" title="Zoom in (+)">+</button>
      <button type="button" onClick={showAll} title="Show all (0)">Fit</button>
    </div>
  </div>;
}

/** A view that does nothing until the picture has one. */
export const noView: View = { seen: signal<Box>({ x: 0, y: 0, width: 0, height: 0 }), show: () => {} };
