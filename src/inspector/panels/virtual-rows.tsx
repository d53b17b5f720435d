import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface VirtualRowsProps {
  /** At most about a million: browsers draw nothing below 30,000,000 px. */
  readonly count: number;
  /** px; all rows have it. */
  readonly rowHeight: number;
  readonly label: string;
  /** The row that is kept in view; undefined: none is. */
  readonly current?: number | undefined;
  readonly row: (index: number) => ComponentChildren;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

/** Rows that are made above and below those in view. */
const spare = 8;
/** Before it is measured, px. */
const firstHeight = 900;

/** A list of which only the rows in view are made. */
export function VirtualRows({ count, rowHeight, label, current, row, onKeyDown }: VirtualRowsProps): VNode {
  const host = useRef<HTMLDivElement>(null);
  const place = useSignal({ top: 0, height: firstHeight });
  const measure = (): void => {
    const { scrollTop: top = 0, clientHeight: height = 0 } = host.current ?? {};
    const before = place.peek();
    if (before.top !== top || before.height !== height) place.value = { top, height };
  };

  useLayoutEffect(() => {
    measure();
    const observer = typeof ResizeObserver === 'function' ? new ResizeObserver(measure) : undefined;
    if (host.current) observer?.observe(host.current);
    return () => observer?.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = host.current;
    if (!element || current === undefined || current < 0) return;
    const [least, most] = [(current + 1) * rowHeight - element.clientHeight, current * rowHeight];
    if (element.scrollTop < least || element.scrollTop > most) element.scrollTop = element.scrollTop > most ? most : least;
    measure();
  }, [current, count]);

  const { top, height } = place.value;
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  return <div class="rows" ref={host} role="listbox" aria-label={label} tabIndex={0} onKeyDown={onKeyDown} onScroll={measure}
    aria-activedescendant={current === undefined ? undefined : `row-${current}`}>
    <div class="rows-all" style={{ height: `${count * rowHeight}px` }}>
      {drawn.map(index => <div key={index} class="rows-place" style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}>
        {row(index)}
      </div>)}
    </div>
  </div>;
}
