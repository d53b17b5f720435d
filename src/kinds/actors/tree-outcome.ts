import type { AnyEventObject, EventObject } from 'xstate';
import type { AnySnapshot, Inner, InnerInspection } from './xstate-internals.ts';

/** What an actor looked like after it had taken an event. */
export interface Notice {
  readonly actor: Inner;
  readonly snapshot: AnySnapshot;
  /** An actor that failed on its own says so. */
  readonly error?: unknown;
}

/** Something to be done outside, after the commit. Its id is `<transition>:<effect>`. */
export type TreeEffect = { readonly id: string; readonly actor: Inner } & (
  | { readonly kind: 'action'; readonly type: string; readonly params: unknown; readonly event: AnyEventObject; readonly context: unknown; /** What the actor showed meanwhile: where it was before the event. */ readonly seen: AnySnapshot; readonly exec: (info: unknown, params: unknown) => unknown; readonly place: string | undefined }
  | { readonly kind: 'emit'; readonly event: AnyEventObject }
  | { readonly kind: 'log'; readonly values: readonly unknown[] }
  | { readonly kind: 'start' | 'stop' }
  | { readonly kind: 'receive'; readonly event: EventObject }
  | { readonly kind: 'send'; readonly to: Inner; readonly event: EventObject }
);

/** One event that an actor took. */
export interface TreeEntry {
  readonly transition: number;
  readonly address: string;
  readonly event: EventObject;
}

/** What one message did to a tree. */
export interface TreeOutcome {
  readonly notices: Notice[];
  readonly effects: TreeEffect[];
  readonly entries: TreeEntry[];
  /** What XState told meanwhile; undefined: nobody inspects. */
  readonly told?: InnerInspection[] | undefined;
}

export const createOutcome = (told?: InnerInspection[]): TreeOutcome => ({ notices: [], effects: [], entries: [], told });
