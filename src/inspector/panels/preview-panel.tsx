import type { VNode } from 'preact';
import type { Choice } from '../../engine/holding.ts';
import { leavePreview, preview, step, target } from '../live/stepping.ts';
import { DifferenceTable, listDifferences } from './change.tsx';
import { JsonTree } from './json-tree.tsx';
import { Status } from './status.tsx';

type Told = { readonly value: string; readonly context: object };
const isState = (value: unknown): value is Told => typeof value === 'object' && value !== null && 'value' in value && 'context' in value;

function Decided({ choice }: { readonly choice: Choice | undefined }): VNode | null {
  if (!choice) return null;
  const { guard, refused, actions } = choice;
  return <p class="preview-choice">
    {refused.length > 0 && <>refused by {refused.map(name => <code key={name} class="is-refused">{name}</code>)}, then </>}
    {guard === undefined ? 'nothing takes it' : guard === null ? 'taken without a guard' : <>let pass by <code>{guard}</code></>}
    {actions.length > 0 && <>; does {actions.map(name => <code key={name}>{name}</code>)}</>}
  </p>;
}

/** A walk through what the first message would lead to, transition by transition. Nothing of it has happened. */
export function PreviewPanel(): VNode | null {
  const walk = preview.value;
  if (!walk) return null;
  const { entries, effects, failure, place } = walk;
  const entry = entries[place];
  const isLast = place === entries.length - 1;
  return <section class="panel preview" aria-label="Preview" role="region">
    <header class="panel-head"><h2>Preview</h2><span class="count">{entries.length === 0 ? 'nothing' : `${place + 1} of ${entries.length}`}</span><span class="preview-badge">nothing has happened</span><span class="grow" /><button type="button" class="button" onClick={leavePreview}>Leave <kbd>Esc</kbd></button></header>
    <div class="detail-body" tabIndex={0}>
      <ol class="preview-list">{entries.map((one, index) => <li key={index} aria-current={index === place ? 'step' : undefined} class={index > place ? 'is-later' : ''}>
        <span class="journal-seq">{index + 1}</span><b>{(one.key === target.value ? '' : `${one.key} `) + (one.address || 'flow')}</b><code>{one.event.type}</code>{one.state === null ? <span class="note">ignored</span> : <Status status={one.state} isBare />}
      </li>)}</ol>
      {failure && <p class="alert">It would be refused: <code>{failure.code}</code> {failure.message}</p>}
      {entry && <div class="preview-entry">
        <Decided choice={entry.choice} />
        {isState(entry.before) && isState(entry.after) && <DifferenceTable differences={listDifferences(entry.before, entry.after)} />}
        {Object.keys(entry.event).length > 1 && <><h4>Event</h4><JsonTree value={entry.event} /></>}
      </div>}
      {effects.length > 0 && <div class="preview-entry"><h4>Would be done after the commit</h4><ul class="effects">{effects.map(effect => <li key={effect}>{effect}</li>)}</ul></div>}
      <div class="preview-entry"><button type="button" class="button is-main" onClick={() => void step()}>{isLast || entries.length === 0 ? 'Let it in' : 'Let it in now'} <kbd>{isLast || entries.length === 0 ? 'F11' : 'F10'}</kbd></button></div>
    </div>
  </section>;
}
