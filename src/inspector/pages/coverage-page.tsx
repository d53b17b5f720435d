import { useComputed, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { CoverageAnswer } from '../../catalog/coverage-counts.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { describeSteps } from '../graph/describe-steps.ts';
import { Legend } from '../graph/legend.tsx';
import { Statechart } from '../graph/statechart.tsx';
import { StepsGraph } from '../graph/steps-graph.tsx';
import { useAsked } from '../live/asked.ts';
import { executions, flows } from '../live/execution-list.ts';
import { useFlowIds } from '../live/flow-ids.ts';
import { charts } from '../model/charts.ts';
import { compareTransitions, countMachine, countTests, type Tested, toStepCoverage } from '../model/coverage.ts';
import { goTo } from '../model/place.ts';
import type { MachineName } from '../replay/history.ts';
import { CoverageTables } from './coverage-tables.tsx';

const tabs = { steps: 'Steps', flow: 'Flow machine', step: 'Step machine', fanOut: 'List machine' } as const;
type Tab = keyof typeof tabs;

/** What executions of a flow did, on its pictures, beside what its tests do. */
export function CoveragePage({ id }: { readonly id: string | undefined }): VNode {
  useFlowIds();
  const flowIds = useComputed(() => [...new Set([...executions.value.map(({ flowId }) => flowId), ...flows.value.map(flow => flow.id)])].toSorted());
  const flowId = id ?? flowIds.value[0];
  if (flowId === undefined) return <main class="empty">No flow has run yet, and none can be started here.</main>;
  return <Coverage key={flowId} flowId={flowId} flowIds={[...new Set([flowId, ...flowIds.value])].toSorted()} />;
}

function Coverage({ flowId, flowIds }: { readonly flowId: string; readonly flowIds: readonly string[] }): VNode {
  const digest = useSignal<string | undefined>(undefined);
  const tab = useSignal<Tab>('steps');
  const selected = useSignal<string | null>(null);
  const wantsTests = useSignal(false);
  const counted = useAsked<CoverageAnswer>('coverage', { flowId, ...(digest.value !== undefined && { digest: digest.value }) });
  const answer = counted.answer.value;
  const tested = useAsked<Tested>('tested', wantsTests.value && answer?.digest != null ? { digest: answer.digest } : undefined);
  // A slice at a time, until everything is counted.
  useEffect(() => {
    if (answer && !answer.isDone) counted.again();
  }, [answer]);

  const definition = answer?.definition as FlowDefinition | null | undefined;
  const steps = useMemo(() => describeSteps(definition?.steps ?? []), [answer?.digest]);
  const paths = wantsTests.value ? tested.answer.value : undefined;
  const transitions = useMemo(() => (answer && definition ? compareTransitions(answer.coverage, definition, paths) : []), [answer, paths]);
  const coverage = useMemo(() => (answer ? toStepCoverage(answer.coverage) : new Map()), [answer]);
  const machine = tab.value === 'steps' ? undefined : (tab.value as MachineName);
  const counts = useMemo(() => machine && (wantsTests.value && paths ? countTests : countMachine)(machine, transitions), [machine, transitions, paths]);
  const problem = counted.problem.value || (wantsTests.value ? tested.problem.value : '');

  return <main class="executions">
    <div class="list-head"><h1>Coverage</h1>
      <label class="unseen" for="flow">Flow</label>
      <select id="flow" value={flowId} onChange={event => goTo({ page: 'flow', id: event.currentTarget.value })}>{flowIds.map(one => <option key={one} value={one}>{one}</option>)}</select>
      <span class="count" role="status">{answer ? `${answer.coverage.executions.toLocaleString('en')} executions${answer.isDone ? '' : ', counting …'}` : 'counting …'}</span>
      <span class="grow" />
      {problem !== '' && <span class="notice" role="alert">{problem}</span>}
      <label class="field is-inline"><input type="checkbox" checked={digest.value !== undefined} disabled={answer?.digest == null} onChange={event => void (digest.value = event.currentTarget.checked ? (answer?.digest ?? undefined) : undefined)} /><span>This version only</span></label>
      <div class="segments" role="radiogroup" aria-label="Whose">
        <button type="button" role="radio" aria-checked={!wantsTests.value} onClick={() => void (wantsTests.value = false)}>Production</button>
        <button type="button" role="radio" aria-checked={wantsTests.value} onClick={() => void (wantsTests.value = true)}>Beside the tests</button>
      </div>
      <button type="button" class="button" onClick={() => counted.again()}>Count on</button>
    </div>
    <div class="list-regions is-wide">
      <section class="panel" aria-label="Graph">
        <header class="panel-head">
          <div class="segments" role="tablist" aria-label="Graph">{(Object.keys(tabs) as Tab[]).map(one => <button key={one} type="button" role="tab" aria-selected={tab.value === one} onClick={() => void (tab.value = one)}>{tabs[one]}</button>)}</div>
          <span class="count">{machine === undefined ? steps.length : paths ? 'on a path of the tests' : 'times taken'}</span>
        </header>
        <div class="graph-place">
          {steps.length === 0 ? <p class="empty">{answer ? 'Nothing is stored of it.' : 'Reading …'}</p>
            : machine === undefined ? <StepsGraph name={flowId} steps={steps} states={new Map()} coverage={coverage} selected={selected.value} onSelect={step => void (selected.value = step)} />
              : <Statechart key={machine} chart={charts[machine]} counts={counts} />}
        </div>
        <Legend kind="coverage" />
      </section>
      <CoverageTables coverage={answer?.coverage} transitions={transitions} order={steps.map(step => step.id)} tested={paths} selected={selected.value} select={step => void (selected.value = step)} />
    </div>
  </main>;
}
