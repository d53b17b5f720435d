import type { ComponentChildren, VNode } from 'preact';

/** A part of the detail that can be folded. */
export function Section({ title, count, children, isOpen = true }: { readonly title: string; readonly count?: number | string | undefined; readonly children: ComponentChildren; readonly isOpen?: boolean }): VNode {
  return <details class="section" open={isOpen}>
    <summary><h3>{title}</h3>{count !== undefined && <span class="count">{count}</span>}</summary>
    <div class="section-body">{children}</div>
  </details>;
}

/** Names and what they say, in two columns; what is undefined is left out. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ComponentChildren])[] }): VNode {
  return <dl class="facts">{facts.filter(([, value]) => value !== undefined && value !== null && value !== '').map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}
