import type { VNode } from 'preact';
import type { FlowCoverage } from '../../catalog/read-coverage.ts';
import { formatLength } from '../graph/step-graph.ts';
import type { ComparedTransition, Tested } from '../model/coverage.ts';
import { Section } from '../panels/section.tsx';

export interface CoverageTablesProps {
  readonly coverage: FlowCoverage | undefined;
  readonly transitions: readonly ComparedTransition[];
  /** Ids of steps as the definition has them. */
  readonly order: readonly string[];
  readonly tested: Tested | undefined;
  readonly selected: string | null;
  readonly select: (step: string) => void;
}

const names = { flow: 'flow', step: 'step', fanOut: 'list' } as const;
/** Transitions of a list that are shown. */
const maxShown = 300;
const toLength = (ms: number | null): string => (ms === null ? '' : formatLength(ms));

function Transitions({ title, about, list, isOpen = true }: { readonly title: string; readonly about: string; readonly list: readonly ComparedTransition[]; readonly isOpen?: boolean }): VNode {
  return <Section title={title} count={list.length} isOpen={isOpen && list.length > 0}>
    <p class="note">{about}</p>
    <table class="grid transitions"><thead class="unseen"><tr><th scope="col">Machine</th><th scope="col">Transition</th><th scope="col">Times</th></tr></thead>
      <tbody>{list.slice(0, maxShown).map(({ machine, from, event, to, count }) => <tr key={`${machine} ${from} ${event} ${to}`}>
        <td>{names[machine]}</td><td><code>{from}</code> <span class="note">{event} →</span> <code>{to}</code></td><td class="is-number">{count === 0 ? 'never' : count.toLocaleString('en')}</td>
      </tr>)}</tbody></table>
    {list.length > maxShown && <p class="note">and {list.length - maxShown} more</p>}
  </Section>;
}

/** The same as the pictures, in rows. */
export function CoverageTables({ coverage, transitions, order, tested, selected, select }: CoverageTablesProps): VNode {
  const places = new Map(order.map((id, place) => [id, place]));
  const steps = coverage?.steps.toSorted((a, b) => (places.get(a.stepId) ?? order.length) - (places.get(b.stepId) ?? order.length)) ?? [];
  const taken = transitions.filter(({ count }) => count > 0);
  return <section class="panel" aria-label="Numbers">
    <header class="panel-head"><h2>Steps</h2><span class="count">{steps.length}</span></header>
    <div class="detail-body" tabIndex={0}>
      <div class="section-body is-first">
        <table class="grid numbers"><thead><tr><th scope="col">Step</th><th scope="col">Runs</th><th scope="col">Failed</th><th scope="col">p50</th><th scope="col">p95</th><th scope="col">p99</th></tr></thead>
          <tbody>{steps.map(({ stepId, runs, failures, p50Ms, p95Ms, p99Ms }) => <tr key={stepId} class={selected === stepId ? 'is-current' : ''}>
            <td><button type="button" class="link" aria-pressed={selected === stepId} onClick={() => select(stepId)}>{stepId}</button></td>
            <td>{runs.toLocaleString('en')}</td><td class={failures > 0 ? 'is-bad' : ''}>{failures === 0 ? '' : failures.toLocaleString('en')}</td><td>{toLength(p50Ms)}</td><td>{toLength(p95Ms)}</td><td>{toLength(p99Ms)}</td>
          </tr>)}</tbody></table>
      </div>
      {tested && <>
        <Transitions title="Taken in production, in no test" about={`None of the ${tested.paths} paths that flowstone test makes of this version takes these.`} list={taken.filter(one => one.isTested === false)} />
        <Transitions title="In a test, never in production" about="Paths take these; no stored execution has." list={transitions.filter(one => one.isTested && one.count === 0)} isOpen={false} />
        <Transitions title="In neither" about={`Possible, and on no path${tested.truncated ? ': there are more paths than were made' : ''}.`} list={transitions.filter(one => one.isTested === false && one.count === 0)} isOpen={false} />
      </>}
      <Transitions title="Taken in production" about="By the journals, those taken most first." list={taken} isOpen={!tested} />
    </div>
  </section>;
}
