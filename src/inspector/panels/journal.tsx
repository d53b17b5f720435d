import { computed, signal, useComputed } from '@preact/signals';
import type { VNode } from 'preact';
import type { ExecutionModel } from '../model/execution-model.ts';
import { shownTransitions } from '../model/filter.ts';
import { formatSince } from '../model/format.ts';
import { at, lookAtTransition, model, newest } from '../model/view-state.ts';
import type { Transition } from '../replay/history.ts';
import { toAlike } from './status.tsx';
import { VirtualRows } from './virtual-rows.tsx';

type Form = 'compact' | 'full' | 'raw';

const form = signal<Form>('compact');
const forms: readonly (readonly [Form, string])[] = [['compact', 'Commits'], ['full', 'Transitions'], ['raw', 'JSON']];
const rowHeight = 26;

/** Numbers of the transitions that have a row. Compact: the first of each commit. */
const rows = computed((): readonly number[] | { readonly length: number } => {
  const current = model.value;
  const shown = shownTransitions.value;
  if (!current) return [];
  void current.version.value;
  if (form.value !== 'compact') return shown ?? { length: newest.value };
  const heads: number[] = [];
  if (!shown) {
    for (let commit = 0; commit < current.history.commits; commit++) {
      const start = current.history.getCommitStart(commit);
      if (start <= newest.value) heads.push(start);
    }
    return heads;
  }
  let last = -1;
  for (const seq of shown) {
    const commit = current.history.getTransition(seq)?.commit ?? -1;
    if (commit !== last) heads.push(seq);
    last = commit;
  }
  return heads;
});

const toSeq = (index: number): number => {
  const list = rows.value;
  return Array.isArray(list) ? (list[index] as number) : index + 1;
};

/** Place of the last row that is not above a transition. */
function findRow(seq: number): number {
  const list = rows.value;
  if (!Array.isArray(list)) return seq - 1;
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Everything that followed in the same commit, in a few words. */
function describeRest(current: ExecutionModel, { seq, commit }: Transition): string {
  const end = current.history.getCommitEnd(commit);
  const moved = new Set<string>();
  for (let next = seq + 1; next <= end && moved.size < 4; next++) {
    const { address, state } = current.history.getTransition(next) as Transition;
    if (state !== null && address !== '') moved.add(`${address} ${state}`);
  }
  const rest = end - seq;
  return rest === 0 ? '' : moved.size === 0 ? `+${rest}` : `+${rest}: ${[...moved].slice(0, 2).join(', ')}${moved.size > 2 ? ' …' : ''}`;
}

const toRest = ({ history }: ExecutionModel, { seq, commit }: Transition): string => (history.getCommitEnd(commit) > seq ? `+${history.getCommitEnd(commit) - seq}` : '');

function toRaw({ seq, at: time, address, event, state }: Transition): string {
  return JSON.stringify({ seq, at: time, address, event, state });
}

function Row({ index, isCurrent }: { readonly index: number; readonly isCurrent: boolean }): VNode | null {
  const current = model.value;
  const seq = toSeq(index);
  const transition = current?.history.getTransition(seq);
  if (!current || !transition) return null;
  const { address, event, state, commit } = transition;
  const isHead = current.history.getCommitStart(commit) === seq;
  const isLater = seq > at.value;
  const differs = current.history.mismatches.some(mismatch => mismatch.seq === seq);
  const name = address === '' ? 'flow' : address;
  return <div id={`row-${index}`} role="option" aria-selected={isCurrent} class={`journal-row${isLater ? ' is-later' : ''}${isHead && form.value === 'full' ? ' is-head' : ''}${differs ? ' differs' : ''}`} onClick={() => lookAtTransition(seq, form.value === 'compact')}>
    <span class="journal-seq">{seq}</span>
    {form.value === 'raw' ? <code class="journal-raw">{toRaw(transition)}</code> : <>
      <span class="journal-name" title={name}>{name}</span>
      <span class="journal-event" title={event.type}>{event.type}</span>
      <span class="journal-state" data-status={state === null ? undefined : toAlike(state)}>{state ?? 'ignored'}</span>
      <span class="journal-rest" title={form.value === 'compact' ? describeRest(current, transition) : undefined}>{form.value === 'compact' ? toRest(current, transition) : formatSince(current, transition.at)}</span>
    </>}
  </div>;
}

/** All transitions, in their order. */
export function Journal(): VNode {
  const list = useComputed(() => rows.value);
  const current = useComputed(() => findRow(at.value));
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(list.value.length - 1, current.value + by));
    lookAtTransition(toSeq(next), form.value === 'compact');
  };
  return <section class="panel journal" aria-label="Journal">
    <header class="panel-head">
      <h2>Journal</h2>
      <span class="count">{list.value.length.toLocaleString('en')}</span>
      <span class="grow" />
      <div class="segments" role="radiogroup" aria-label="Form of the journal">
        {forms.map(([value, label]) => <button key={value} type="button" role="radio" aria-checked={form.value === value} onClick={() => void (form.value = value)}>{label}</button>)}
      </div>
    </header>
    {list.value.length === 0 ? <p class="empty">{newest.value === 0 ? 'Nothing has happened yet.' : 'No transition passes the filter.'}</p>
      : <VirtualRows count={list.value.length} rowHeight={rowHeight} label="Transitions" current={current.value} row={index => <Row index={index} isCurrent={index === current.value} />} onKeyDown={onKeyDown} />}
  </section>;
}
