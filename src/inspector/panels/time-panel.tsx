import type { VNode } from 'preact';
import { Timeline } from '../graph/timeline.tsx';
import { findTransitionAt, newestTime, timeNow, timeRows } from '../model/time-rows.ts';
import { lookAt, model, select, selected } from '../model/view-state.ts';

/** When what ran, waited and was tried again. */
export function TimePanel(): VNode {
  const current = model.value;
  return <section class="panel time-panel" aria-label="Time">
    <header class="panel-head"><h2>Time</h2></header>
    <div class="graph-place">{current && <Timeline name={current.document.execution.flowId} rows={timeRows.value} now={newestTime.value} cursor={timeNow} selected={selected.value === '' ? null : selected.value} onSelect={id => select(id ?? '')} onTime={time => lookAt(findTransitionAt(time))} />}</div>
  </section>;
}
