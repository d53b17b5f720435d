import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useMemo } from 'preact/hooks';
import type { ActorSummary } from '../../kinds/actors/machine-api.ts';
import type { InspectedActor } from '../document/inspected-execution.ts';
import { type ChartValue, listActive } from '../graph/chart.ts';
import { Statechart } from '../graph/statechart.tsx';
import { useAsked } from '../live/asked.ts';
import { preview, wire } from '../live/stepping.ts';
import { readStructure } from '../model/charts.ts';
import { formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { HeldBar } from '../panels/held-bar.tsx';
import { PreviewPanel } from '../panels/preview-panel.tsx';
import { Status } from '../panels/status.tsx';
import { Steering } from '../panels/steering.tsx';
import { VirtualRows } from '../panels/virtual-rows.tsx';
import { ActorDetail } from './actor-detail.tsx';

const rowHeight = 44;
const statuses = ['', 'active', 'done', 'error', 'stopped'] as const;
const [pageSize, maxListed] = [200, 1_000];

interface Listed {
  readonly actors: readonly ActorSummary[];
  readonly next: string | null;
}

/** A state in one line: `paying`, `a.b`, `a.b, c.d` of parallel states. */
function toLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  return Object.entries(value).map(([key, inner]) => [key, toLine(inner)].filter(part => part !== '').join('.')).join(', ');
}

/** Machines of people's own: all of them, and one with its state lit. */
export function ActorsPage({ id }: { readonly id: string | undefined }): VNode {
  const status = useSignal('');
  const text = useSignal('');
  const limit = useSignal(pageSize);
  const listed = useAsked<Listed>('actors', { ...(status.value !== '' && { status: status.value }), limit: limit.value }, ['actors']);
  const all = listed.answer.value?.actors ?? [];
  const wanted = text.value.trim().toLowerCase();
  const shown = wanted === '' ? all : all.filter(actor => `${actor.id} ${actor.machineId}`.toLowerCase().includes(wanted));
  const current = shown.findIndex(actor => actor.id === id);
  const open = (actor: ActorSummary | undefined): void => {
    if (actor) goTo({ page: 'actors', id: actor.id });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    open(shown[Math.max(0, Math.min(shown.length - 1, current + by))]);
  };
  return <main class="executions">
    <div class="list-head"><h1>Actors</h1><span class="count">{shown.length.toLocaleString('en')}{listed.answer.value?.next != null && '+'}</span><span class="grow" />
      {listed.problem.value !== '' && <span class="notice" role="alert">{listed.problem.value}</span>}
      <input type="search" id="filter" class="search" placeholder="Search id, machine" aria-label="Search" value={text.value} onInput={event => void (text.value = event.currentTarget.value)} />
      <label class="unseen" for="status">State</label>
      <select id="status" value={status.value} onChange={event => void (status.value = event.currentTarget.value)}>{statuses.map(one => <option key={one} value={one}>{one === '' ? 'Any state' : one}</option>)}</select>
    </div>
    {id !== undefined && wire.value && <><Steering /><HeldBar /></>}
    <div class="list-regions is-side">
      <section class="panel" aria-label="Actors">
        {shown.length === 0 ? <p class="empty">{listed.answer.value ? 'No machine here.' : 'Reading …'}</p>
          : <VirtualRows count={shown.length} rowHeight={rowHeight} label="Actors" current={current < 0 ? undefined : current} onKeyDown={onKeyDown} row={index => {
            const actor = shown[index];
            return actor && <div id={`row-${index}`} role="option" aria-selected={index === current} class="actor-row" onClick={() => open(actor)}>
              <b title={actor.id}>{actor.id}</b><Status status={actor.status} isBare />
              <span class="note" title={actor.machineId}>{actor.machineId}</span><code title={toLine(actor.value)}>{toLine(actor.value)}</code>
            </div>;
          }} />}
        {listed.answer.value?.next != null && limit.value < maxListed && <button type="button" class="more" onClick={() => void (limit.value = maxListed)}>Show more</button>}
      </section>
      {id === undefined ? <section class="panel" aria-label="Actor"><p class="empty">Choose one to see its machine, its events and what it waits for.</p></section> : <Actor key={id} id={id} />}
    </div>
  </main>;
}

function Actor({ id }: { readonly id: string }): VNode {
  const { answer, problem } = useAsked<InspectedActor>('actor', { actorId: id }, [`actor:${id}`]);
  const told = answer.value;
  const chart = useMemo(() => (told?.structure ? readStructure(told.structure) : undefined), [told?.structure]);
  const value = told?.view.root.value as ChartValue | undefined;
  const active = useMemo(() => (chart && value !== undefined ? listActive(chart, value) : undefined), [chart, JSON.stringify(value)]);
  if (!told) return <section class="panel" aria-label="Actor"><p class="empty">{problem.value === '' ? 'Reading …' : problem.value}</p></section>;
  const { view } = told;
  return <div class="beside">
    <section class="panel" aria-label="Machine">
      <header class="panel-head"><h2>{view.machineId}</h2>{view.machineVersion !== '' && <span class="count">version {view.machineVersion}</span>}<span class="grow" /><span class="note">since {formatTime(view.createdAt)}</span></header>
      <div class="graph-place">{chart ? <Statechart chart={chart} active={active} /> : <p class="empty">Its structure is not stored: there is nothing to draw.</p>}</div>
    </section>
    {preview.value ? <PreviewPanel /> : <ActorDetail actor={told} />}
  </div>;
}
