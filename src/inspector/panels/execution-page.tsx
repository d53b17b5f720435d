import { signal } from '@preact/signals';
import type { VNode } from 'preact';
import { preview, wire } from '../live/stepping.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatLength } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { at, lookAtTransition, model, newest } from '../model/view-state.ts';
import { FilterBar } from './filter-bar.tsx';
import { GraphPanel } from './graph-panel.tsx';
import { HeldBar } from './held-bar.tsx';
import { Journal } from './journal.tsx';
import { createLazy } from './lazy.tsx';
import { Scrubber } from './scrubber.tsx';
import { Status } from './status.tsx';
import { Steering } from './steering.tsx';

/** The execution that is asked what if, and from where. */
const forkOf = signal<{ readonly of: ExecutionModel; readonly seq: number } | undefined>(undefined);
// What forks need of the kernel is loaded with the first one.
// Rows come before pictures.
const TimePanel = createLazy(async () => (await import('./time-panel.tsx')).TimePanel);
const Detail = createLazy(async () => (await import('./detail.tsx')).Detail);
const PreviewPanel = createLazy(async () => (await import('./preview-panel.tsx')).PreviewPanel);
const ForkPanel = createLazy(async () => (await import('./fork-panel.tsx')).ForkPanel);

/** Whether the replay came to what is stored. */
function Proof(): VNode | null {
  const current = model.value;
  if (!current) return null;
  void current.version.value;
  const { history } = current;
  const [first] = history.mismatches;
  if (first) {
    return <button type="button" class="proof is-bad" onClick={() => lookAtTransition(first.seq)}>
      Differs at {first.seq}: {first.what}, stored {first.found ?? 'ignored'}, replayed {first.expected ?? 'ignored'}{history.different > 1 && ` (${history.different} in all)`}
    </button>;
  }
  if (newest.value < history.length) return <span class="proof">replaying {newest.value.toLocaleString('en')} of {history.length.toLocaleString('en')}</span>;
  return <span class="proof is-good">replayed {history.length.toLocaleString('en')}, each to the stored state</span>;
}

function Head(): VNode | null {
  const current = model.value;
  if (!current) return null;
  void current.version.value;
  const { execution } = current.document;
  const state = current.history.getState('', newest.value);
  const { flowId, executionId, generation, score, settledAt, createdAt } = execution;
  return <div class="head">
    <h1>{flowId}</h1>
    <code class="head-id" title={executionId}>{executionId}</code>
    {generation > 1 && <span class="note">generation {generation}</span>}
    <Status status={state?.value ?? execution.status} />
    {score !== null && <span class="head-score">score {score}</span>}
    {settledAt !== null && <span class="note">{formatLength(settledAt - createdAt)}</span>}
    <span class="grow" />
    <Proof />
    {wire.value && <button type="button" class="button" title="Beside another execution of this flow" onClick={() => goTo({ page: 'compare', a: executionId, b: undefined })}>Compare …</button>}
    {wire.value && <button type="button" class="button" title="What all executions of this flow did" onClick={() => goTo({ page: 'flow', id: flowId })}>Coverage</button>}
    <button type="button" class="button" title="What would have become of it from here: answers by hand, nothing is touched" onClick={() => void (forkOf.value = { of: current, seq: at.value })}>What if …</button>
  </div>;
}

/** One execution: its graph, time, journal, and the detail of what is selected. */
export function ExecutionPage(): VNode {
  return <main class="execution">
    <Head />
    <div class="tools"><Scrubber /><FilterBar /></div>
    {wire.value && <Steering />}
    <HeldBar />
    <div class="regions">
      <div class="region-left"><GraphPanel /><TimePanel /></div>
      <Journal />
      {preview.value ? <PreviewPanel /> : model.value && forkOf.value?.of === model.value ? <ForkPanel model={model.value} seq={forkOf.value.seq} close={() => void (forkOf.value = undefined)} /> : <Detail />}
    </div>
  </main>;
}
