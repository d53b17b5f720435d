import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { InspectedExecution } from '../document/inspected-execution.ts';
import { describeSteps } from '../graph/describe-steps.ts';
import { StepsGraph } from '../graph/steps-graph.tsx';
import { useAsked } from '../live/asked.ts';
import { type ComparedPlace, compareExecutions, toStepStates } from '../model/compare.ts';
import { formatLength, formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { Status } from '../panels/status.tsx';
import { CompareDetail } from './compare-detail.tsx';

interface Listed {
  readonly executions: readonly { readonly executionId: string; readonly status: string; readonly createdAt: number; readonly score: number | null }[];
}

/** Rows of items are shown only where they differ. */
const isShown = ({ address, differs }: ComparedPlace, onlyDifferent: boolean): boolean => differs.length > 0 || (!onlyDifferent && !address.endsWith(']'));

/** Two executions, side by side: what became of each step, and what is not the same. */
export function ComparePage({ a, b }: { readonly a: string; readonly b: string | undefined }): VNode {
  const one = useAsked<InspectedExecution>('inspect', { executionId: a, journal: false });
  const other = useAsked<InspectedExecution>('inspect', b === undefined ? undefined : { executionId: b, journal: false });
  const flowId = one.answer.value?.execution.flowId;
  const others = useAsked<Listed>('list', flowId === undefined ? undefined : { flowId, limit: 100 });
  const list = (others.answer.value?.executions ?? []).filter(({ executionId }) => executionId !== a);
  const problem = one.problem.value || other.problem.value;
  const [left, right] = [one.answer.value, other.answer.value];
  return <main class="executions">
    <div class="list-head"><h1>Compare</h1>
      <Side document={left} id={a} name="A" />
      <span class="note">with</span>
      <label class="unseen" for="other">The other execution</label>
      <select id="other" class="search" value={b ?? ''} onChange={event => goTo({ page: 'compare', a, b: event.currentTarget.value || undefined })}>
        <option value="">Choose another execution of {flowId ?? 'the flow'}</option>
        {b !== undefined && !list.some(({ executionId }) => executionId === b) && <option value={b}>{b}</option>}
        {list.map(({ executionId, status, createdAt }) => <option key={executionId} value={executionId}>{executionId} · {status} · {formatTime(createdAt)}</option>)}
      </select>
      <Side document={right} id={b} name="B" />
      <span class="grow" />
      {problem !== '' && <span class="notice" role="alert">{problem}</span>}
      {b !== undefined && <button type="button" class="button" onClick={() => goTo({ page: 'compare', a: b, b: a })}>Swap</button>}
    </div>
    {left && right ? <Compared a={left} b={right} /> : <p class="empty">{b === undefined ? 'Choose what to compare it with.' : problem === '' ? 'Reading …' : ''}</p>}
  </main>;
}

function Side({ document, id, name }: { readonly document: InspectedExecution | undefined; readonly id: string | undefined; readonly name: string }): VNode | null {
  if (id === undefined) return null;
  const execution = document?.execution;
  return <span class="side"><b class="side-name">{name}</b>
    <button type="button" class="link" title={id} onClick={() => goTo({ page: 'execution', id, seq: undefined, step: '' })}><code>{id.length > 18 ? `…${id.slice(-12)}` : id}</code></button>
    {execution && <><Status status={execution.status} isBare />{execution.settledAt !== null && <span class="note">{formatLength(execution.settledAt - execution.createdAt)}</span>}</>}
  </span>;
}

function Compared({ a, b }: { readonly a: InspectedExecution; readonly b: InspectedExecution }): VNode {
  const onlyDifferent = useSignal(true);
  const selected = useSignal<string | null>(null);
  const places = useMemo(() => compareExecutions(a, b), [a, b]);
  const steps = useMemo(() => [a, b].map(({ plan }) => describeSteps(plan.definition.steps)), [a, b]);
  const states = useMemo(() => [a, b].map(toStepStates), [a, b]);
  const different = useMemo(() => new Set(places.filter(({ differs }) => differs.length > 0).map(({ address }) => address.replace(/\[\d+\]$/, ''))), [places]);
  const shown = places.filter(place => isShown(place, onlyDifferent.value));
  const chosen = places.find(({ address }) => address === selected.value);
  const step = selected.value?.replace(/\[\d+\]$/, '') ?? null;
  return <div class="list-regions is-wide">
    <div class="pair">{[a, b].map((document, side) => <section key={side} class="panel" aria-label={`Graph of ${side === 0 ? 'A' : 'B'}`}>
      <header class="panel-head"><b class="side-name">{side === 0 ? 'A' : 'B'}</b><h2>{document.execution.flowId}</h2><span class="count">version {document.execution.flowVersion}</span></header>
      <div class="graph-place"><StepsGraph name={`${side === 0 ? 'A' : 'B'}, ${document.execution.flowId}`} steps={steps[side] ?? []} states={states[side] ?? new Map()} selected={step} moved={different} onSelect={id => void (selected.value = id)} /></div>
    </section>)}</div>
    <section class="panel" aria-label="Differences">
      <header class="panel-head"><h2>{different.size === 0 ? 'No step differs' : `${different.size} of ${Math.max(...steps.map(list => list.length))} steps differ`}</h2><span class="grow" />
        <label class="field is-inline"><input type="checkbox" checked={onlyDifferent.value} onChange={event => void (onlyDifferent.value = event.currentTarget.checked)} /><span>Only what differs</span></label></header>
      <div class="detail-body" tabIndex={0}>
        <div class="section-body is-first"><table class="grid"><thead><tr><th scope="col">Step</th><th scope="col">A</th><th scope="col">B</th><th scope="col">Differs in</th></tr></thead>
          <tbody>{shown.slice(0, 500).map(({ address, a: one, b: other, differs }) => <tr key={address} class={selected.value === address ? 'is-current' : ''}>
            <td><button type="button" class="link" aria-pressed={selected.value === address} onClick={() => void (selected.value = address)}>{address}</button></td>
            {[one, other].map((side, place) => <td key={place}>{side ? <><Status status={side.status} isBare /> <span class="note">{side.durationMs === null ? '' : formatLength(side.durationMs)}</span></> : <span class="note">not begun</span>}</td>)}
            <td class="note">{differs.join(', ')}</td>
          </tr>)}</tbody></table>
          {shown.length === 0 && <p class="note">State, attempts, failure, input and output of every step are the same. Times are not compared.</p>}
          {shown.length > 500 && <p class="note">and {shown.length - 500} more</p>}</div>
        <CompareDetail a={a} b={b} place={chosen} />
      </div>
    </section>
  </div>;
}
