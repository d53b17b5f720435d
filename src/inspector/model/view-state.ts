import { batch, computed, effect, signal } from '@preact/signals';
import { systemClock } from '../../core/clock.ts';
import type { ExecutionModel } from './execution-model.ts';
import { noteRoute, route } from './place.ts';

/** Which steps and transitions are shown. */
export type Only = 'all' | 'failed' | 'open' | 'selected';

/** The execution that is looked at. */
export const model = signal<ExecutionModel | undefined>(undefined);

/** The transition that is looked at; undefined: the newest, whichever it is. */
export const chosen = signal<number | undefined>(undefined);

/** Address below the flow of what is selected; `''`: the flow. One for all panels. */
export const selected = signal('');

/** Part of a name or of an event. */
export const filterText = signal('');
export const only = signal<Only>('all');

/** Number of the newest transition that is replayed. */
export const newest = computed(() => model.value?.replayed.value ?? 0);

/** Number of the transition that is shown; 0: before the first. */
export const at = computed(() => Math.min(chosen.value ?? newest.value, newest.value));

/** Whether the page shows what is newest, and goes on with it. */
export const isNewest = computed(() => chosen.value === undefined || chosen.value >= newest.value);

/** Shows a transition. The newest is followed from then on. */
export function lookAt(seq: number): void {
  const most = newest.value;
  const place = Math.max(0, Math.min(most, Math.round(seq)));
  chosen.value = place >= most ? undefined : place;
}

/** Shows a transition, or all of its commit, and selects whom it moved. */
export function lookAtTransition(seq: number, isWhole = false): void {
  const history = model.value?.history;
  const transition = history?.getTransition(seq);
  batch(() => {
    lookAt(transition && history && isWhole ? history.getCommitEnd(transition.commit) : seq);
    if (transition) selected.value = transition.address;
  });
}

/** Goes on or back by transitions. */
export const moveBy = (count: number): void => lookAt(at.value + count);

/** Goes to the end of the next commit, or of the one before. */
export function moveByCommit(direction: 1 | -1): void {
  const history = model.value?.history;
  if (!history || history.commits === 0) return;
  const now = at.value;
  const commit = now === 0 ? -1 : (history.getTransition(now)?.commit ?? -1);
  if (direction === 1) {
    const isAtEnd = commit < 0 || history.getCommitEnd(commit) === now;
    lookAt(history.getCommitEnd(isAtEnd ? Math.min(commit + 1, history.commits - 1) : commit));
  } else {
    lookAt(commit <= 0 ? 0 : history.getCommitEnd(commit - 1));
  }
}

export function select(address: string): void {
  selected.value = address;
}

/** Shortest time between two changes of the address, ms: browsers refuse more than a few a second. */
const noteMs = 300;

/** Keeps the address of the page with what is shown. */
export function followView(): void {
  let isWaiting = false;
  const note = (): void => {
    isWaiting = false;
    const current = route.value;
    if (current.page === 'execution' && model.value) noteRoute({ ...current, seq: chosen.value, step: selected.value });
  };
  effect(() => {
    void [route.value, selected.value, chosen.value, model.value];
    if (isWaiting) return;
    isWaiting = true;
    systemClock.setTimer(note, noteMs);
  });
}
