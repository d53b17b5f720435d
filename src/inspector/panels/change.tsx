import diff from 'microdiff';
import type { VNode } from 'preact';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatSince, formatTime } from '../model/format.ts';
import { select } from '../model/view-state.ts';
import { JsonTree } from './json-tree.tsx';
import { Facts, Section } from './section.tsx';
import { Status } from './status.tsx';

export interface Difference {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What differs between two states, their names first. */
export function listDifferences(before: { readonly value: string; readonly context: object }, after: { readonly value: string; readonly context: object }): Difference[] {
  const state: Difference[] = before.value === after.value ? [] : [{ path: 'state', kind: 'changed', before: before.value, after: after.value }];
  const kinds = { CREATE: 'added', REMOVE: 'removed', CHANGE: 'changed' } as const;
  return [...state, ...diff(before.context as object[], after.context as object[]).map((change): Difference => ({
    path: change.path.join('.'), kind: kinds[change.type],
    ...('oldValue' in change && { before: change.oldValue as unknown }), ...('value' in change && { after: change.value as unknown }),
  }))];
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
};

export function DifferenceTable({ differences }: { readonly differences: readonly Difference[] }): VNode {
  if (differences.length === 0) return <p class="note">It was recorded, and changed nothing.</p>;
  return <table class="diff">
    <thead class="unseen"><tr><th scope="col">Member</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
    <tbody>{differences.map(({ path, kind, before, after }) => <tr key={path}>
      <th scope="row">{path}</th>
      <td>{kind === 'added' ? <span class="diff-none">none</span> : <del>{show(before)}</del>}</td>
      <td>{kind === 'removed' ? <span class="diff-none">none</span> : <ins>{show(after)}</ins>}</td>
    </tr>)}</tbody>
  </table>;
}

/** The transition that is looked at: what it was told, and what that changed. */
export function Change({ model, seq }: { readonly model: ExecutionModel; readonly seq: number }): VNode | null {
  const transition = model.history.getTransition(seq);
  if (!transition) return null;
  const { address, event, state, at, commit } = transition;
  const change = model.history.getChange(seq);
  const mismatch = model.history.mismatches.find(one => one.seq === seq);
  const { type: _type, ...fields } = event;
  const start = model.history.getCommitStart(commit);
  const end = model.history.getCommitEnd(commit);
  return <Section title={`Transition ${seq}`} count={start === end ? undefined : `${seq - start + 1} of ${end - start + 1} in its commit`}>
    <Facts facts={[
      ['Of', <button key="of" type="button" class="link" onClick={() => select(address)}>{address === '' ? 'the flow' : address}</button>],
      ['Event', <code key="event">{event.type}</code>],
      ['State', state === null ? 'ignored: it stays as it was' : <Status key="state" status={state} isBare />],
      ['When', `${formatSince(model, at)} · ${formatTime(at)}`],
    ]} />
    {mismatch && <p class="alert">Replayed, it is <code>{mismatch.expected ?? 'ignored'}</code>; stored is <code>{mismatch.found ?? 'ignored'}</code>. From here on what is stored is shown, and its context is not known.</p>}
    {change && <DifferenceTable differences={listDifferences(change.before, change.after)} />}
    {Object.keys(fields).length > 0 && <><h4>Event</h4><JsonTree value={fields} /></>}
  </Section>;
}
