import { computed, signal } from '@preact/signals';
import type { Breakpoint } from '../../debugger/breakpoint.ts';
import type { Held, HeldChange } from '../../debugger/debugger.ts';
import type { Rehearsed } from '../../engine/rehearse.ts';
import { route } from '../model/place.ts';
import { chosen, model } from '../model/view-state.ts';
import type { Wire } from './wire.ts';

/** A walk through what a message would lead to; nothing of it has happened. */
export interface Preview extends Rehearsed {
  /** Entries that are shown as if they had happened, from 0. */
  readonly place: number;
}

/** The connection; undefined: the page is a file. */
export const wire = signal<Wire | undefined>(undefined);
/** What may be done over it. */
export const scopes = signal<readonly string[]>([]);
/** Why nothing may be changed from here, as the server says it; null: it may. */
export const whyNotControlled = signal<string | null>(null);
/** Everything that stands still, by execution or `actor:<id>`. */
export const held = signal<ReadonlyMap<string, Held>>(new Map());
export const breakpoints = signal<readonly Breakpoint[]>([]);
export const preview = signal<Preview | undefined>(undefined);
/** What went wrong last, or why something went on. */
export const notice = signal('');

/** The execution that is looked at, or `actor:<id>`; undefined: none. */
export const target = computed(() => {
  const place = route.value;
  if (place.page === 'actors') return place.id === undefined ? undefined : `actor:${place.id}`;
  return model.value?.document.execution.executionId;
});
/** How it stands; undefined: it goes on. */
export const heldNow = computed(() => held.value.get(target.value ?? ''));
/** Whether it can be held: it has not ended, and this page is connected to whoever runs it. */
export const canSteer = computed(() => {
  if (wire.value?.state.value !== 'connected' || target.value === undefined) return false;
  return route.value.page === 'actors' || (model.value?.document.execution.settledAt ?? null) === null;
});

const say = (error: unknown): void => void (notice.value = error instanceof Error ? error.message : String(error));

/** Asks for something; what goes wrong is told on the page. */
export async function ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
  notice.value = '';
  try {
    return await wire.value?.request(method, params);
  } catch (error) {
    say(error);
    return undefined;
  }
}

function forTarget(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
  preview.value = undefined;
  chosen.value = undefined;
  return target.value === undefined ? Promise.resolve(undefined) : ask(method, { target: target.value, ...params });
}

export const pause = (): Promise<unknown> => forTarget('pause');
export const resume = (): Promise<unknown> => forTarget('resumeHeld');
export const step = (): Promise<unknown> => forTarget('step');
export const stepOut = (): Promise<unknown> => forTarget('stepOut');
export const stepOver = (address: string): Promise<unknown> => forTarget('stepOver', address === '' ? {} : { step: address });
export const runTo = (breakpoint: Breakpoint): Promise<unknown> => forTarget('runTo', { breakpoints: [{ ...breakpoint, once: true }] });

/** Opens the walk through the first message, or goes on in it; at its end, lets the message in. */
export async function stepInto(): Promise<void> {
  const open = preview.value;
  if (open && open.place + 1 < open.entries.length) {
    preview.value = { ...open, place: open.place + 1 };
    return;
  }
  if (open) {
    await step();
    return;
  }
  const found = (await ask('preview', { target: target.value })) as Rehearsed | null | undefined;
  chosen.value = undefined;
  if (found) preview.value = { ...found, place: 0 };
  else if (found === null) notice.value = 'No message waits: there is nothing to step into.';
}

export const leavePreview = (): void => void (preview.value = undefined);

/** Sets breakpoints in place of those that are set. */
export async function setBreakpoints(next: readonly Breakpoint[]): Promise<void> {
  const set = (await ask('breakpoints', { set: next })) as readonly Breakpoint[] | undefined;
  if (set) breakpoints.value = set;
}

/** Names come back in another order than they were sent in. */
const toText = (breakpoint: Breakpoint): string => JSON.stringify(Object.entries(breakpoint).toSorted(([a], [b]) => (a < b ? -1 : 1)));
export const isSameBreakpoint = (one: Breakpoint, other: Breakpoint): boolean => toText(one) === toText(other);

/** Sets a breakpoint, or takes it away. */
export function toggleBreakpoint(breakpoint: Breakpoint): Promise<void> {
  const others = breakpoints.value.filter(one => !isSameBreakpoint(one, breakpoint));
  return setBreakpoints(others.length < breakpoints.value.length ? others : [...others, breakpoint]);
}

const whyGone: Readonly<Record<string, string>> = { limit: 'Too much was held for it: it goes on.', ended: 'It has ended.' };

function noteChange(change: HeldChange): void {
  const next = new Map(held.value);
  if ('gone' in change) {
    next.delete(change.target);
    if (change.target === target.value) {
      preview.value = undefined;
      notice.value = whyGone[change.gone] ?? '';
    }
  } else {
    next.set(change.target, change);
  }
  held.value = next;
}

/** Follows what stands still. Whoever follows it counts as there. */
export function followHeld(connection: Wire): () => void {
  return connection.follow('held', {}, {
    snapshot: data => {
      const { held: list, breakpoints: set } = data as { readonly held: readonly Held[]; readonly breakpoints: readonly Breakpoint[] };
      held.value = new Map(list.map(one => [one.target, one]));
      breakpoints.value = set;
    },
    commit: entries => {
      for (const change of entries as readonly HeldChange[]) noteChange(change);
    },
    ended: error => {
      held.value = new Map();
      if (error) say(error);
    },
  });
}
