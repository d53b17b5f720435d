import { useComputed } from '@preact/signals';
import type { VNode } from 'preact';
import { formatSince } from '../model/format.ts';
import { at, chosen, isNewest, lookAt, model, moveBy, moveByCommit, newest } from '../model/view-state.ts';

/** Marks of failures on the scrubber, at most. */
const maxMarks = 400;

const shapes = {
  first: 'M3 2v12M13 2.5 6 8l7 5.5z', commitBack: 'M8 2.5 1.5 8 8 13.5zM14.5 2.5 8 8l6.5 5.5z', back: 'M11.5 2.5 4.5 8l7 5.5z',
  forward: 'M4.5 2.5 11.5 8l-7 5.5z', commitForward: 'M8 2.5 14.5 8 8 13.5zM1.5 2.5 8 8l-6.5 5.5z', last: 'M13 2v12M3 2.5 10 8l-7 5.5z',
} as const;

export function Sign({ shape }: { readonly shape: string }): VNode {
  return <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" class="sign"><path d={shape} /></svg>;
}

function Move({ shape, label, keys, isOff, go }: { readonly shape: keyof typeof shapes; readonly label: string; readonly keys: string; readonly isOff: boolean; readonly go: () => void }): VNode {
  return <button type="button" class="icon-button" aria-label={label} title={`${label} (${keys})`} disabled={isOff} onClick={go}><Sign shape={shapes[shape]} /></button>;
}

/** Goes through the history of an execution. */
export function Scrubber(): VNode {
  const marks = useComputed(() => {
    const current = model.value;
    const seqs: number[] = [];
    if (!current || newest.value === 0) return seqs;
    for (let seq = 1; seq <= newest.value && seqs.length < maxMarks; seq++) {
      const { state, address } = current.history.getTransition(seq) ?? {};
      if (state === 'failed' && address !== undefined) seqs.push(seq);
    }
    return seqs;
  });
  const most = newest.value;
  const place = at.value;
  const current = model.value;
  const transition = current?.history.getTransition(place);
  const share = (seq: number): string => `${most === 0 ? 0 : (seq / most) * 100}%`;
  return <div class="scrubber" role="group" aria-label="History">
    <div class="moves">
      <Move shape="first" label="To the start" keys="Home" isOff={place === 0} go={() => lookAt(0)} />
      <Move shape="commitBack" label="One commit back" keys="Shift+←" isOff={place === 0} go={() => moveByCommit(-1)} />
      <Move shape="back" label="One transition back" keys="←" isOff={place === 0} go={() => moveBy(-1)} />
      <Move shape="forward" label="One transition on" keys="→" isOff={place === most} go={() => moveBy(1)} />
      <Move shape="commitForward" label="One commit on" keys="Shift+→" isOff={place === most} go={() => moveByCommit(1)} />
      <Move shape="last" label="To the newest" keys="End" isOff={place === most} go={() => lookAt(most)} />
    </div>
    <div class="track">
      <div class="track-line" aria-hidden="true"><i style={{ width: share(place) }} />{marks.value.map(seq => <b key={seq} style={{ left: share(seq) }} />)}</div>
      <input type="range" min={0} max={most} step={1} value={place} aria-label="Transition" aria-valuetext={transition ? `${place} of ${most}: ${transition.address || 'flow'}, ${transition.event.type}` : `before the first of ${most}`}
        onInput={event => lookAt(event.currentTarget.valueAsNumber)} />
    </div>
    <output class="place">
      <strong>{place.toLocaleString('en')}</strong> of {most.toLocaleString('en')}
      <span class="place-time">{current && transition ? formatSince(current, transition.at) : 'before the first'}</span>
    </output>
    {!isNewest.value && <button type="button" class="live-button" title="Show the newest (End)" onClick={() => void (chosen.value = undefined)}>Newest</button>}
  </div>;
}
