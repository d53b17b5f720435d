import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { useEffect } from 'preact/hooks';

export interface SectionProps {
  readonly title: string;
  readonly count?: number | string | undefined;
  readonly children: ComponentChildren;
  /** At first, and once more when it becomes true. Default true. */
  readonly isOpen?: boolean;
  readonly toggled?: (isOpen: boolean) => void;
}

/** A part of the detail that can be folded; what is folded is not made. */
export function Section({ title, count, children, isOpen = true, toggled }: SectionProps): VNode {
  const open = useSignal(isOpen);
  const toggle = (next: boolean): void => {
    if (open.value === next) return;
    open.value = next;
    toggled?.(next);
  };
  useEffect(() => {
    if (isOpen) toggle(true);
  }, [isOpen]);
  return <details class="section" open={open.value} onToggle={event => toggle(event.currentTarget.open)}>
    <summary><h3>{title}</h3>{count !== undefined && <span class="count">{count}</span>}</summary>
    {open.value && <div class="section-body">{children}</div>}
  </details>;
}

/** Names and what they say, in two columns; what is undefined is left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  const shown = facts.filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false);
  return <dl class="facts">{shown.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}
