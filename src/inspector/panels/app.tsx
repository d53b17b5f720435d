import type { VNode } from 'preact';
import { held, notice, wire } from '../live/stepping.ts';
import { goTo, route } from '../model/place.ts';
import { model } from '../model/view-state.ts';
import { ExecutionPage } from './execution-page.tsx';
import { ExecutionsPage } from './executions-page.tsx';
import { createLazy } from './lazy.tsx';

// Loaded with the first look at each.
const CoveragePage = createLazy(async () => (await import('../pages/coverage-page.tsx')).CoveragePage);
const ComparePage = createLazy(async () => (await import('../pages/compare-page.tsx')).ComparePage);
const ActorsPage = createLazy(async () => (await import('../pages/actors-page.tsx')).ActorsPage);
const QueuesPage = createLazy(async () => (await import('../pages/queues-page.tsx')).QueuesPage);
const ApplicationsPage = createLazy(async () => (await import('../pages/applications-page.tsx')).ApplicationsPage);

const links = [['list', 'Executions'], ['flow', 'Coverage'], ['actors', 'Actors'], ['queues', 'Queues'], ['apps', 'Applications']] as const;

/** Shows what stands still: an execution, or `actor:<id>`. */
const goToHeld = (target: string): void =>
  goTo(target.startsWith('actor:') ? { page: 'actors', id: target.slice('actor:'.length) } : { page: 'execution', id: target, seq: undefined, step: '' });

const words = { connecting: 'connecting …', connected: 'Live', refused: 'refused: open the page again by its link', closed: 'closed' } as const;

function Bar(): VNode {
  const state = wire.value?.state.value;
  return <nav class="bar" aria-label="Inspector">
    <a class="brand" href="#/"><svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="M3 5.5 9 2l6 3.5v7L9 16l-6-3.5z" /><path d="M3 5.5 9 9l6-3.5M9 9v7" /></svg>Flowstone</a>
    {links.map(([page, label]) => <a key={page} href={page === 'list' ? '#/' : `#/${page}`} aria-current={route.value.page === page ? 'page' : undefined}>{label}</a>)}
    <span class="grow" />
    {held.value.size > 0 && <button type="button" class="bar-held" onClick={() => goToHeld([...held.value.keys()][0] ?? '')}>{held.value.size} held</button>}
    <span class={`wire is-${state ?? 'closed'}`} role="status">{state === undefined ? 'not connected' : words[state]}</span>
  </nav>;
}

/** What the address of the page names. */
function Place(): VNode {
  const place = route.value;
  if (place.page === 'flow') return <CoveragePage id={place.id} />;
  if (place.page === 'compare') return <ComparePage a={place.a} b={place.b} />;
  if (place.page === 'actors') return <ActorsPage id={place.id} />;
  if (place.page === 'queues') return <QueuesPage id={place.id} />;
  if (place.page === 'apps') return <ApplicationsPage id={place.id} />;
  if (place.page === 'list') return <ExecutionsPage />;
  if (model.value) return <ExecutionPage />;
  return <main class="empty">{notice.value === '' ? 'Reading …' : notice.value}</main>;
}

/** The whole page. @param isKnown whether it has a token */
export function App({ isKnown }: { readonly isKnown: boolean }): VNode {
  if (!isKnown || wire.value?.state.value === 'refused') {
    return <main class="door"><h1>Flowstone</h1><p>This page needs its link: <code>flowstone inspect</code> or <code>flowstone run --step</code> prints one, which is good once.</p></main>;
  }
  return <><Bar /><Place /></>;
}
