import { signal, useComputed } from '@preact/signals';
import type { VNode } from 'preact';
import { StepsGraph } from '../graph/steps-graph.tsx';
import { wire } from '../live/stepping.ts';
import { shownSteps } from '../model/filter.ts';
import { graphSteps, movedSteps, shownGraphSteps, stepStates } from '../model/step-states.ts';
import { model, select, selected } from '../model/view-state.ts';
import { listBroken } from './breakpoint-list.tsx';
import { createLazy } from './lazy.tsx';

type Tab = 'steps' | 'machine';

const tab = signal<Tab>('steps');
const machineNames = { flow: 'Flow machine', step: 'Step machine', fanOut: 'List machine' } as const;

// The machines are pictures of their own: loaded with the first one.
const MachineChart = createLazy(async () => (await import('./machine-chart.tsx')).MachineChart);

/** The steps of the flow as a graph, or the machine of what is selected. */
export function GraphPanel(): VNode {
  const current = model.value;
  const shown = shownSteps.value;
  const step = useComputed(() => (selected.value === '' ? null : (model.value?.history.findStep(selected.value)?.id ?? null)));
  const address = selected.value;
  const name = current ? (current.history.findStep(address)?.role === 'machine' ? 'Its machine' : machineNames[current.history.toMachine(address)]) : '';
  return <section class="panel graph-panel" aria-label="Graph">
    <header class="panel-head">
      <div class="segments" role="tablist" aria-label="Graph">
        <button type="button" role="tab" aria-selected={tab.value === 'steps'} onClick={() => void (tab.value = 'steps')}>Steps</button>
        <button type="button" role="tab" aria-selected={tab.value === 'machine'} onClick={() => void (tab.value = 'machine')}>{name}</button>
      </div>
      <span class="count">{tab.value === 'steps' ? (shown ? `${shown.size} of ${graphSteps.value.length}` : graphSteps.value.length) : address || 'flow'}</span>
    </header>
    <div class="graph-place">
      {current && (tab.value === 'machine' ? <MachineChart current={current} address={address} />
        : <StepsGraph isFitted={!wire.value} name={current.document.execution.flowId} steps={shownGraphSteps.value} states={stepStates.value} selected={step.value} onSelect={id => select(id ?? '')} onOpen={() => void (tab.value = 'machine')} moved={movedSteps.value} breakpoints={listBroken()} />)}
    </div>
  </section>;
}
