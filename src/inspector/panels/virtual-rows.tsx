import { useSignal } from '@preact/signals';
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

export interface VirtualRowsProps {
  readonly count: number;
  /** px; all rows have it. */
  readonly rowHeight: number;
  readonly label: string;
  /** The row that is kept in view; undefined: none is. */
  readonly current?: number | undefined;
  readonly row: (index: number) => ComponentChildren;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

/** A list of which only the rows in view are made. */
export function VirtualRows({ count, rowHeight, label, current, row, onKeyDown }: VirtualRowsProps): VNode {
  const host = useRef<HTMLDivElement>(null);
  const drawn = useSignal(0);
  const virtual = useRef<Virtualizer<HTMLDivElement, HTMLElement> | undefined>(undefined);
  const options = {
    count, estimateSize: () => rowHeight, overscan: 12, getScrollElement: () => host.current,
    scrollToFn: elementScroll, observeElementRect, observeElementOffset, onChange: () => void drawn.value++,
  };
  virtual.current ??= new Virtualizer<HTMLDivElement, HTMLElement>(options);
  const list = virtual.current;
  list.setOptions(options);
  // Drawn anew when another part is in view.
  void drawn.value;

  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  useEffect(() => {
    if (current !== undefined && current >= 0) list.scrollToIndex(current, { align: 'auto' });
  }, [list, current, count]);

  return <div class="rows" ref={host} role="listbox" aria-label={label} tabIndex={0} onKeyDown={onKeyDown} aria-activedescendant={current === undefined ? undefined : `row-${current}`}>
    <div class="rows-all" style={{ height: `${list.getTotalSize()}px` }}>
      {list.getVirtualItems().map(({ index, start }) => <div key={index} class="rows-place" style={{ transform: `translateY(${start}px)`, height: `${rowHeight}px` }}>{row(index)}</div>)}
    </div>
  </div>;
}
