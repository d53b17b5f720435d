import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { readStepActorId } from '../../kernel/actor-call.ts';
import type { ActorNode } from '../../kinds/actors/read-actor-view.ts';
import type { InspectedActor } from '../document/inspected-execution.ts';
import { readStructure } from '../model/charts.ts';
import { ask, scopes } from '../live/stepping.ts';
import { formatLength, formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { type Entered, JsonField } from '../panels/json-form.tsx';
import { JsonTree } from '../panels/json-tree.tsx';
import { Facts, Section } from '../panels/section.tsx';
import { Status } from '../panels/status.tsx';

/** Events that a machine knows, those of XState's own left out. */
function listEvents(structure: string | null): string[] {
  const chart = structure === null ? undefined : readStructure(structure);
  const known = chart?.transitions.map(({ event }) => event) ?? [];
  return [...new Set(known)].filter(event => event !== '' && event !== '*' && !event.startsWith('xstate.')).toSorted();
}

function SendEvent({ actor: { view, structure } }: { readonly actor: InspectedActor }): VNode | null {
  const type = useSignal('');
  const entered = useSignal<Entered>({ value: undefined });
  if (!scopes.value.includes('run') || view.status !== 'active') return null;
  const events = listEvents(structure);
  const last = view.events.findLast(({ event }) => event.type === type.value)?.event;
  const { type: _type, ...fields } = (last ?? { type: '' }) as { readonly type: string };
  const send = (): void => {
    if ('problem' in entered.value) return;
    void ask('send', { address: view.id, event: { ...(entered.value.value as object | undefined), type: type.value } });
  };
  return <Section title="Send an event">
    <form class="send" onSubmit={event => {
      event.preventDefault();
      send();
    }}>
      <label class="field"><span>Type</span><input type="text" list="event-types" value={type.value} onInput={event => void (type.value = event.currentTarget.value)} /></label>
      <datalist id="event-types">{events.map(event => <option key={event} value={event} />)}</datalist>
      <JsonField key={type.value} label="Its other fields, JSON" initial={Object.keys(fields).length > 0 ? fields : undefined} change={next => void (entered.value = next)} />
      <div class="buttons"><button type="submit" class="button" disabled={type.value === '' || 'problem' in entered.value}>Send</button>
        <button type="button" class="button is-bad" onClick={() => void ask('stop', { address: view.id })}>Stop the actor</button></div>
    </form>
  </Section>;
}

function Node({ node }: { readonly node: ActorNode }): VNode {
  return <li><Status status={node.status} isBare /> <b>{node.id}</b> {node.src !== undefined && <span class="note">{node.src}</span>} {node.value !== undefined && <code>{JSON.stringify(node.value)}</code>}
    {node.children.length > 0 && <ul class="tree">{node.children.map(child => <Node key={child.address} node={child} />)}</ul>}
  </li>;
}

/** All that is stored of an actor. */
export function ActorDetail({ actor }: { readonly actor: InspectedActor }): VNode {
  const { view } = actor;
  const { root, status, transitions, delayed, actions, events, wakeAt, createdAt, settledAt } = view;
  const step = readStepActorId(view.id);
  return <section class="panel detail" aria-label="Detail">
    <header class="panel-head"><h2 class="detail-title">{view.id}</h2><span class="grow" /><Status status={status} /></header>
    <div class="detail-body" tabIndex={0}>
      <Section title="Actor"><Facts facts={[
        ['State', <code key="state">{JSON.stringify(root.value ?? null)}</code>], ['Transitions', transitions], ['Began', formatTime(createdAt)],
        ['Ended', settledAt === null ? undefined : `${formatTime(settledAt)} · took ${formatLength(settledAt - createdAt)}`],
        ['Wakes', wakeAt === null || wakeAt === 0 ? (wakeAt === 0 ? 'something of it runs' : undefined) : formatTime(wakeAt)],
        ['Blocked', view.blockedBy?.message],
        ['Step of', step && <button key="of" type="button" class="link" onClick={() => goTo({ page: 'execution', id: step.executionId, seq: undefined, step: step.stepId })}>{step.executionId}</button>],
      ]} /></Section>
      <SendEvent key={view.id} actor={actor} />
      {root.context !== undefined && <Section title="Context"><JsonTree value={root.context} /></Section>}
      {root.output !== undefined && <Section title="Output"><JsonTree value={root.output} /></Section>}
      {root.error !== undefined && <Section title="Error"><JsonTree value={root.error} /></Section>}
      {root.children.length > 0 && <Section title="Actors below it" count={root.children.length}><ul class="tree">{root.children.map(child => <Node key={child.address} node={child} />)}</ul></Section>}
      {delayed.length > 0 && <Section title="Delayed events" count={delayed.length}><table class="grid"><tbody>{delayed.map(({ dueAt, address, event }, place) => <tr key={place}><td>{formatTime(dueAt)}</td><td><code>{event.type}</code>{address !== view.id && <span class="note"> to {address}</span>}</td></tr>)}</tbody></table></Section>}
      {actions.length > 0 && <Section title="To be done" count={actions.length}><table class="grid"><tbody>{actions.map(({ effectId, type, address, to }) => <tr key={effectId}><td><code>{type}</code></td><td class="note">{to === undefined ? address : `to ${to}`}</td></tr>)}</tbody></table></Section>}
      <Section title="Events" count={events.length}>
        {events.length === 0 ? <p class="note">It has taken none.</p> : <ol class="events">{events.toReversed().slice(0, 200).map(({ transition, at, address, event }) => <li key={`${transition} ${address}`}>
          <span class="journal-seq">{transition}</span><code>{event.type}</code>{address !== view.id && <span class="note">{address.slice(view.id.length + 1)}</span>}<span class="grow" /><time class="note">{formatTime(at)}</time>
        </li>)}</ol>}
      </Section>
    </div>
  </section>;
}
