import type { VNode } from 'preact';
import type { InspectedActor, InspectedApp } from '../graph/inspected-app.ts';
import { Statechart } from '../graph/statechart.tsx';
import { applications, told } from '../live/applications.ts';
import { formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { JsonTree } from '../panels/json-tree.tsx';
import { Status } from '../panels/status.tsx';
import { VirtualRows } from '../panels/virtual-rows.tsx';

const rowHeight = 44;
const shownEvents = 100;

interface Found {
  readonly number: number;
  readonly app: InspectedApp;
  readonly actor: InspectedActor;
}

/** Which application, and which actor of it: `2/x:0`. */
const toId = ({ number, actor }: Found): string => `${number}/${actor.sessionId}`;

/** Applications of XState that tell of their actors here, this runtime among them when it does: all actors, and one with its machine. */
export function ApplicationsPage({ id }: { readonly id: string | undefined }): VNode {
  void told.value;
  const all = [...applications.value].flatMap(([number, app]) => [...app.actors.values()].map((actor): Found => ({ number, app, actor })));
  const current = all.findIndex(found => toId(found) === id);
  const open = (found: Found | undefined): void => {
    if (found) goTo({ page: 'apps', id: toId(found) });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    open(all[Math.max(0, Math.min(all.length - 1, current + by))]);
  };
  const found = all[current];
  return <main class="executions">
    <div class="list-head"><h1>Applications</h1><span class="count">{all.length.toLocaleString('en')} actors</span><span class="grow" /><span class="note">What XState tells; it is looked at, not stepped</span></div>
    <div class="list-regions is-side">
      <section class="panel" aria-label="Actors">
        {all.length === 0 ? <p class="empty">Nobody tells here yet: <code>createWebSocketInspector</code> with the <code>xstateUrl</code> of this inspector.</p>
          : <VirtualRows count={all.length} rowHeight={rowHeight} label="Actors" current={current < 0 ? undefined : current} onKeyDown={onKeyDown} row={index => {
            const one = all[index];
            return one && <div id={`row-${index}`} role="option" aria-selected={index === current} class="actor-row" onClick={() => open(one)}>
              <b title={one.actor.sessionId}>{one.actor.name}</b><Status status={one.actor.status} isBare />
              <span class="note">{one.number === 0 ? 'this runtime' : `application ${one.number}`}</span><code>{one.actor.value === undefined ? '' : JSON.stringify(one.actor.value)}</code>
            </div>;
          }} />}
      </section>
      {found ? <Actor key={id} app={found.app} actor={found.actor} /> : <section class="panel" aria-label="Actor"><p class="empty">Choose one to see its machine, and what it was told.</p></section>}
    </div>
  </main>;
}

function Actor({ app, actor: { sessionId, name, chart, active, taken, context, output } }: { readonly app: InspectedApp; readonly actor: InspectedActor }): VNode {
  const events = app.events.filter(event => event.sessionId === sessionId).slice(-shownEvents).toReversed();
  return <div class="beside">
    <section class="panel" aria-label="Machine">
      <header class="panel-head"><h2>{name}</h2><span class="count">{sessionId}</span></header>
      <div class="graph-place">{chart ? <Statechart chart={chart} active={active} taken={taken} /> : <p class="empty">It is no machine, or told none: there is nothing to draw.</p>}</div>
    </section>
    <section class="panel detail" aria-label="Actor">
      <div class="detail-body">
        {context !== undefined && <><h3>Context</h3><JsonTree value={context} /></>}
        {output !== undefined && <><h3>Output</h3><JsonTree value={output} /></>}
        <h3>Events</h3>
        <ol class="events">{events.map(({ number, at, kind, type }) => <li key={number}><time>{formatTime(at)}</time> <span class="note">{kind}</span> <code>{type}</code></li>)}</ol>
      </div>
    </section>
  </div>;
}
