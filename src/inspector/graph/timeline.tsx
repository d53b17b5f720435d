import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { StatusIcon } from './icons.tsx';
import { memo } from './memo.ts';
import { formatLength } from './step-graph.ts';
import { createTimeScale, findGaps, formatTime, type Interval, listTicks, type TimeScale } from './time-scale.ts';
import { findRange, listBusy, listShown, nameRow, placeSpans, type ShownRow, type TimelineRow } from './timeline-rows.ts';

export interface TimelineProps {
  /** Name of the execution. */
  readonly name: string;
  /** Steps in their order, the items of each after it. */
  readonly rows: readonly TimelineRow[];
  /** What goes on ends here, epoch ms: the newest moment that is known. */
  readonly now: number;
  /** The moment that is looked at, epoch ms: a line. It moves without anything else being laid out again. Default: `now`. */
  readonly cursor?: ReadonlySignal<number> | undefined;
  readonly selected: string | null;
  readonly onSelect: (rowId: string | null) => void;
  /** A time was pointed at, by a click on the axis. */
  readonly onTime?: ((at: number) => void) | undefined;
}

/** Height of a row, px; width of the names. */
const [timelineRowHeight, nameWidth] = [26, 190];
const axisHeight = 42;
/** Room that the label of a mark takes, px. */
const tickRoom = 40;

const statusLetter = { completed: '', running: '', waiting: '', retrying: '', failed: '✕', skipped: '»', cancelled: '■', pending: '' } as const;

interface LaneProps {
  readonly shown: ShownRow;
  readonly scale: TimeScale;
  readonly now: number;
  readonly begin: number;
}

/** Bars of a row; of a closed one also those of its items, thin and below each other. */
const Lane = memo(function Lane({ shown: { row, children, isOpen }, scale, now, begin }: LaneProps): VNode {
  const bars = placeSpans(row.spans, scale, now).map(({ span, x, width, count }) =>
    <i key={`${span.kind} ${span.from}`} class={`span span-${span.kind}${span.to === null ? ' span-open' : ''}`} data-status={span.status} style={{ left: `${x}px`, width: `${width}px` }}
      title={`${span.label}: ${count > 1 ? `${count} of them, ` : ''}${span.status}, ${formatLength((span.to ?? now) - span.from)}\n${formatTime(span.from, true)} (+${formatLength(span.from - begin)})`}>
      {width > 13 ? statusLetter[span.status] : ''}{width > 34 && span.kind === 'backoff' ? '↻' : ''}
    </i>);
  const lanes = Math.min(4, children.length);
  const thin = isOpen ? [] : children.flatMap((child, index) => placeSpans(child.spans, scale, now).map(({ span, x, width }) =>
    <i key={`${child.id} ${span.from}`} class={`span span-thin span-${span.kind}`} data-status={span.status} style={{ left: `${x}px`, width: `${width}px`, top: `${5 + (index % lanes) * 4}px` }} />));
  return <div class="lane">{thin.length > 0 ? thin : bars}</div>;
});

/** The line at the moment that is looked at. */
function Cursor({ scale, width, at }: { readonly scale: TimeScale; readonly width: number; readonly at: ReadonlySignal<number> }): VNode | null {
  const x = scale.toX(at.value);
  return x >= 0 && x <= width ? <i class="now-line" style={{ transform: `translateX(${x}px)` }} /> : null;
}

/** When what ran, waited and was tried again. */
export function Timeline({ name, rows, now, cursor, selected, onSelect, onTime }: TimelineProps): VNode {
  const host = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 640, height: 320 });
  const top = useSignal(0);
  const open = useSignal<ReadonlySet<string>>(new Set());
  const zoomed = useSignal<Interval | null>(null);
  const brush = useSignal<{ readonly from: number; readonly to: number } | null>(null);
  const focused = useSignal<string | null>(null);
  const wantsFocus = useRef(false);
  const last = useSignal(now);
  last.value = now;

  const whole = useMemo(() => findRange(rows, now), [rows, now]);
  const gaps = useMemo(() => findGaps(listBusy(rows, now), whole), [rows, whole.from, whole.to]);
  const shown = useMemo(() => listShown(rows, open.value), [rows, open.value]);
  const width = Math.max(120, size.value.width - nameWidth - 20);
  const window = zoomed.value ?? whole;
  const scale = useMemo(() => createTimeScale(window, width, gaps), [window.from, window.to, width, gaps]);
  const ticks = useMemo(() => listTicks(scale, whole.from), [scale, whole.from]);

  useLayoutEffect(() => {
    const element = host.current!;
    const measure = (): void => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    };
    measure();
    const observer = typeof ResizeObserver === 'function' ? new ResizeObserver(measure) : undefined;
    observer?.observe(element);
    return () => observer?.disconnect();
  }, []);

  const zoomTo = (next: Interval): void => {
    const length = Math.max(1, next.to - next.from);
    if (length >= whole.to - whole.from) zoomed.value = null;
    else {
      const from = Math.min(Math.max(next.from, whole.from), whole.to - length);
      zoomed.value = { from, to: from + length };
    }
  };
  /** Zooms; the time at this place stays where it is. */
  const zoomBy = (factor: number, x: number): void => zoomTo({ from: scale.toTime(x - x * factor), to: scale.toTime(x + (width - x) * factor) });
  useEffect(() => {
    const element = host.current!;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomRef.current(Math.exp(event.deltaY * 0.003), event.clientX - element.getBoundingClientRect().left - nameWidth);
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, []);
  const zoomRef = useRef(zoomBy);
  zoomRef.current = zoomBy;

  const places = useMemo(() => new Map(shown.map(({ row }, place) => [row.id, place])), [shown]);
  const tabStop = [focused.value, selected, shown[0]?.row.id].find(id => id !== null && id !== undefined && places.has(id)) ?? undefined;
  const reveal = (place: number): void => {
    const element = host.current!;
    const [least, most] = [place * timelineRowHeight, (place + 1) * timelineRowHeight + axisHeight];
    if (element.scrollTop > least) element.scrollTop = least;
    else if (element.scrollTop + element.clientHeight < most) element.scrollTop = most - element.clientHeight;
    top.value = element.scrollTop;
  };
  useLayoutEffect(() => {
    const place = selected === null ? undefined : places.get(selected);
    if (place !== undefined) reveal(place);
  }, [selected, places]);
  useLayoutEffect(() => {
    if (!wantsFocus.current || focused.value === null) return;
    wantsFocus.current = false;
    host.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(focused.value)}"]`)?.focus({ preventScroll: true });
  });
  const focus = (place: number): void => {
    const next = shown[Math.min(Math.max(place, 0), shown.length - 1)];
    if (!next) return;
    wantsFocus.current = true;
    focused.value = next.row.id;
    reveal(places.get(next.row.id)!);
  };
  const toggle = (id: string, isOpen: boolean): void => {
    const next = new Set(open.value);
    if (isOpen) next.add(id);
    else next.delete(id);
    open.value = next;
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = (event.target as Element).closest('[data-row]')?.getAttribute('data-row') ?? undefined;
    const place = id === undefined ? undefined : places.get(id);
    const current = place === undefined ? undefined : shown[place];
    const page = Math.max(1, Math.floor(size.value.height / timelineRowHeight) - 2);
    const pan = (window.to - window.from) * 0.15;
    if (event.key === '+' || event.key === '=') zoomBy(0.7, width / 2);
    else if (event.key === '-' || event.key === '_') zoomBy(1.4, width / 2);
    else if (event.key === '0') zoomed.value = null;
    else if (event.shiftKey && event.key === 'ArrowLeft') zoomTo({ from: window.from - pan, to: window.to - pan });
    else if (event.shiftKey && event.key === 'ArrowRight') zoomTo({ from: window.from + pan, to: window.to + pan });
    else if (place === undefined || !current) return;
    else if (event.key === 'ArrowDown') focus(place + 1);
    else if (event.key === 'ArrowUp') focus(place - 1);
    else if (event.key === 'PageDown') focus(place + page);
    else if (event.key === 'PageUp') focus(place - page);
    else if (event.key === 'Home') focus(0);
    else if (event.key === 'End') focus(shown.length - 1);
    else if (event.key === 'ArrowRight' && current.children.length > 0 && !current.isOpen) toggle(current.row.id, true);
    else if (event.key === 'ArrowLeft' && current.isOpen) toggle(current.row.id, false);
    else if (event.key === 'ArrowLeft' && current.row.parent !== undefined) focus(places.get(current.row.parent) ?? place);
    else if (event.key === 'Enter' || event.key === ' ') onSelect(current.row.id);
    else if (event.key === 'Escape' && selected !== null) onSelect(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const placeOf = (event: PointerEvent): number => Math.min(Math.max(0, event.clientX - (event.currentTarget as Element).getBoundingClientRect().left), width);
  const first = Math.max(0, Math.floor(top.value / timelineRowHeight) - 4);
  const end = Math.min(shown.length, Math.ceil((top.value + size.value.height) / timelineRowHeight) + 4);
  const focusedPlace = tabStop === undefined ? undefined : places.get(tabStop);
  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  if (focusedPlace !== undefined && (focusedPlace < first || focusedPlace >= end)) drawn.push(focusedPlace);

  return <div class="timeline" ref={host} role="group" aria-label={`Timeline of ${name}`} onKeyDown={keyDown} onScroll={event => (top.value = event.currentTarget.scrollTop)}>
    <div class="time-head" style={{ height: `${axisHeight}px` }}>
      <div class="time-tools" style={{ width: `${nameWidth}px` }}>
        <button type="button" onClick={() => zoomBy(1.4, width / 2)} aria-label="Zoom out in time" title="Zoom out (-)">−</button>
        <button type="button" onClick={() => zoomBy(0.7, width / 2)} aria-label="Zoom in in time" title="Zoom in (+)">+</button>
        <button type="button" onClick={() => (zoomed.value = null)} aria-label="Show all of the time" title="Show all (0)">All</button>
      </div>
      <div class="axis" style={{ width: `${width}px` }} aria-hidden="true"
        onPointerDown={event => { if (event.button !== 0) return; event.currentTarget.setPointerCapture(event.pointerId); brush.value = { from: placeOf(event), to: placeOf(event) }; }}
        onPointerMove={event => { if (brush.value) brush.value = { from: brush.value.from, to: placeOf(event) }; }}
        onPointerUp={() => {
          const drag = brush.value;
          brush.value = null;
          if (!drag) return;
          if (Math.abs(drag.to - drag.from) < 5) onTime?.(scale.toTime(drag.to));
          else zoomTo({ from: scale.toTime(Math.min(drag.from, drag.to)), to: scale.toTime(Math.max(drag.from, drag.to)) });
        }}
        onDblClick={() => (zoomed.value = null)}>
        <span class="axis-edge">{formatTime(scale.from, true)}</span><span class="axis-edge axis-end">{formatTime(scale.to)}</span>
        {ticks.filter(({ x }) => x + tickRoom <= width).map(({ x, label }) => <span key={label} class="tick" style={{ left: `${x}px` }}>{label}</span>)}
        {scale.breaks.map(({ x, width: wide, label, from }) => <span key={from} class="break-label" style={{ left: `${x}px`, width: `${wide}px` }}>{label}</span>)}
        {brush.value && <i class="brush" style={{ left: `${Math.min(brush.value.from, brush.value.to)}px`, width: `${Math.abs(brush.value.to - brush.value.from)}px` }} />}
      </div>
    </div>
    <div class="time-body" style={{ height: `${shown.length * timelineRowHeight}px` }}>
      <div class="time-marks" aria-hidden="true" style={{ left: `${nameWidth}px`, width: `${width}px` }}>
        {ticks.map(({ x, label }) => <i key={label} class="tick-line" style={{ left: `${x}px` }} />)}
        {scale.breaks.map(({ x, width: wide, from }) => <i key={from} class="break-mark" style={{ left: `${x}px`, width: `${wide}px` }} />)}
        <Cursor scale={scale} width={width} at={cursor ?? last} />
      </div>
      {drawn.map(place => {
        const one = shown[place]!;
        const { row, depth, children, isOpen } = one;
        return <div key={row.id} class={`time-row${selected === row.id ? ' time-selected' : ''}`} style={{ top: `${place * timelineRowHeight}px`, height: `${timelineRowHeight}px` }}>
          <div class="time-name" style={{ width: `${nameWidth}px`, paddingLeft: `${8 + depth * 14}px` }}>
            {children.length > 0 && <button type="button" class="fold" tabIndex={-1} aria-label={`${isOpen ? 'Fold' : 'Unfold'} ${row.name}`} onClick={() => toggle(row.id, !isOpen)}>{isOpen ? '▾' : '▸'}</button>}
            <button type="button" class="time-button" data-row={row.id} tabIndex={tabStop === row.id ? 0 : -1} aria-pressed={selected === row.id} {...(children.length > 0 && { 'aria-expanded': isOpen })}
              title={row.name} aria-label={nameRow(one, whole.from, now)} onFocus={() => (focused.value = row.id)} onClick={() => onSelect(row.id)} data-status={row.status}>
              <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true"><StatusIcon status={row.status} x={8} y={8} /></svg>
              <span class="time-text">{row.name}</span>
            </button>
            {children.length > 0 && <span class="time-count" aria-hidden="true">{children.length}</span>}
          </div>
          <Lane shown={one} scale={scale} now={now} begin={whole.from} />
        </div>;
      })}
    </div>
  </div>;
}
