import type { VNode } from 'preact';
import { memo } from '../graph/memo.ts';
import { type ExecutionModel, toItem, toStatus } from '../model/execution-model.ts';
import { goTo } from '../model/place.ts';
import { select } from '../model/view-state.ts';
import type { ValuePlace } from './cut-value.tsx';
import { JsonTree } from './json-tree.tsx';
import { Logs } from './logs.tsx';
import { Messages } from './messages.tsx';
import { Facts, Section } from './section.tsx';
import { Status } from './status.tsx';
import { Artifact, Attempts, Failure, ModelCall, type StoredProps } from './stored-parts.tsx';
import { StoredValue } from './stored-value.tsx';

interface NowProps {
  readonly model: ExecutionModel;
  readonly address: string;
  readonly seq: number;
}

/** What differs from transition to transition. */
export function StepNow({ model: current, address, seq }: NowProps): VNode {
  const step = current.history.findStep(address);
  const failure = current.findFailure(address, seq);
  const description = current.document.plan.definition.steps[step?.position ?? -1]?.description;
  return <>
    {description && <p class="description">{description}</p>}
    {failure && <Section title="Failure"><Failure failure={failure} /></Section>}
    {current.history.toMachine(address) === 'fanOut' && <Items model={current} address={step?.id ?? address} seq={seq} />}
  </>;
}

/** What is stored of a step or an item; the same wherever in its history one looks. */
export const StepStored = memo(function StepStored({ model: current, address, document }: StoredProps): VNode {
  const { history } = current;
  const { executionId, generation } = document.execution;
  const input = current.findInput(address);
  const output = current.findOutput(address);
  const step = history.findStep(address);
  const item = toItem(address);
  const id = step?.id ?? address;
  const isMine = (row: { readonly stepId: string; readonly item: number | undefined }): boolean => row.stepId === id && (item < 0 || row.item === item);
  const artifacts = document.artifacts.filter(isMine);
  const calls = document.interactions.filter(isMine);
  const children = document.children.filter(child => child.parentStep === address || (item < 0 && child.parentStep?.startsWith(`${id}[`)));
  const place = (of: ValuePlace['of']): ValuePlace => ({ executionId, generation, of, step: id, ...(item >= 0 && { item }) });
  return <>
    {output && <Section title="Output"><StoredValue text={output} place={place('output')} /></Section>}
    {input && <Section title={history.toMachine(address) === 'fanOut' ? 'List' : 'Input'}><StoredValue text={input} place={place('stepInput')} /></Section>}
    <Attempts model={current} address={address} />
    {artifacts.length > 0 && <Section title="Artifacts" count={artifacts.length}>{artifacts.map(artifact => <Artifact key={artifact.name} artifact={artifact} />)}</Section>}
    {calls.length > 0 && <Section title="Model calls" count={calls.length}>{calls.map(call => <ModelCall key={call.number} call={call} />)}</Section>}
    {children.length > 0 && <Section title="Child flows" count={children.length}>
      {children.map(child => <button key={child.executionId} type="button" class="child" onClick={() => goTo({ page: 'execution', id: child.executionId, seq: undefined, step: '' })}>
        <Status status={child.status} isBare /><span>{child.flowId}</span><code>{child.executionId}</code>
      </button>)}
      <p class="note">As they stand now: what is stored of them is in journals of their own.</p>
    </Section>}
    {current.findActors(address).map(({ view }) => <Section key={view.id} title="Machine" count={view.machineId}>
      <Facts facts={[
        ['Address', <button key="id" type="button" class="link" onClick={() => goTo({ page: 'actors', id: view.id })}>{view.id}</button>],
        ['State', <code key="state">{JSON.stringify(view.root.value ?? null)}</code>], ['Status', <Status key="status" status={view.status} isBare />], ['Transitions', view.transitions],
      ]} />
      {view.root.context !== undefined && <><h4>Context</h4><JsonTree value={view.root.context} /></>}
      {view.events.length > 0 && <><h4>Last events</h4><ol class="events">{view.events.map(event => <li key={event.transition}><span class="journal-seq">{event.transition}</span><code>{event.event.type}</code></li>)}</ol></>}
      <p class="note">As it stands now, as stored: a machine of your own is not replayed in this page.</p>
    </Section>)}
    <Logs model={current} step={id} />
    <Messages key={address} model={current} address={address} />
  </>;
});

/** The context, and what the definition says. */
export function StepAfter({ model: current, address, seq }: NowProps): VNode {
  const state = current.history.getState(address, seq);
  const step = current.history.findStep(address);
  return <>
    {state && <Section title="Context" isOpen={false}><JsonTree value={state.context} /></Section>}
    {step && <Definition model={current} id={step.id} />}
  </>;
}

function Definition({ model: current, id }: { readonly model: ExecutionModel; readonly id: string }): VNode {
  const { steps } = current;
  const step = steps[current.history.plan.positions.get(id) ?? -1];
  const list = (positions: readonly number[] = []): VNode | false => positions.length > 0 && <span class="links">{positions.map(position =>
    <button key={position} type="button" class="link" onClick={() => select(steps[position]?.id ?? '')}>{steps[position]?.id}</button>)}</span>;
  return <Section title="Definition" isOpen={false}>
    <Facts facts={[['Needs', list(step?.dependsOn)], ['Needed by', list(step?.dependents)]]} />
    <JsonTree value={current.document.plan.definition.steps.find(one => one.id === id)} />
  </Section>;
}

/** Items that have a button of their own. */
const maxItems = 400;

const Item = memo(function Item({ address, item, status }: { readonly address: string; readonly item: number; readonly status: string }): VNode {
  const name = `${address}: ${status}`;
  return <button type="button" class="item" data-status={status} aria-label={name} title={name} onClick={() => select(address)}>{item}</button>;
});

function Items({ model: current, address: id, seq }: NowProps): VNode {
  const { total = 0, settled = 0, completed = 0 } = (current.history.getState(id, seq)?.context ?? {}) as { readonly total?: number; readonly settled?: number; readonly completed?: number };
  return <Section title="Items" count={`${settled} of ${total}`}>
    {settled > completed && <p class="note">{settled - completed} did not complete</p>}
    <div class="items">{Array.from({ length: Math.min(total, maxItems) }, (_, item) => {
      const address = `${id}[${item}]`;
      return <Item key={item} address={address} item={item} status={toStatus(current.history.getState(address, seq))} />;
    })}</div>
    {total > maxItems && <p class="note">The first {maxItems}; others are in the journal.</p>}
  </Section>;
}
