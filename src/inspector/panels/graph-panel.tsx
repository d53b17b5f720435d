import type { VNode } from 'preact';
import { listBroken } from './breakpoint-list.tsx';
import { StepsGraph } from '../graph/steps-graph.tsx';
import { shownSteps } from '../model/filter.ts';
import { graphSteps, movedSteps, stepStates } from '../model/step-states.ts';
import { model, select, selected } from '../model/view-state.ts';

/** The steps of the flow as a graph, or the machine of what is selected. */
export function GraphPanel(): VNode {
  const current = model.value;
  const shown = shownSteps.value;
  return <section class="panel graph-panel" aria-label="Graph">
    <header class="panel-head"><h2>Steps</h2><span class="count">{graphSteps.value.length}</span></header>
    <div class={`graph-place${shown ? ' is-filtered' : ''}`}>
      {current && <StepsGraph name={current.document.execution.flowId} steps={graphSteps.value} states={stepStates.value} selected={selected.value === '' ? null : (current.history.findStep(selected.value)?.id ?? null)} onSelect={id => select(id ?? '')} moved={movedSteps.value} breakpoints={listBroken()} />}
    </div>
  </section>;
}
