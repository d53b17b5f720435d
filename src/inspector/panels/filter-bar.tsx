import type { VNode } from 'preact';
import { filterText, only, type Only } from '../model/view-state.ts';

const kinds: readonly (readonly [Only, string])[] = [['all', 'All'], ['failed', 'Failed'], ['open', 'Open'], ['selected', 'Selected']];

/** One filter for graph, timeline and journal. */
export function FilterBar(): VNode {
  return <div class="filter" role="search">
    <input type="search" id="filter" placeholder="Filter steps and events" aria-label="Filter steps and events" value={filterText.value} onInput={event => void (filterText.value = event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return;
        filterText.value = '';
        event.currentTarget.blur();
      }} />
    <div class="segments" role="radiogroup" aria-label="Which ones">
      {kinds.map(([value, label]) => <button key={value} type="button" role="radio" aria-checked={only.value === value} onClick={() => void (only.value = value)}>{label}</button>)}
    </div>
  </div>;
}
