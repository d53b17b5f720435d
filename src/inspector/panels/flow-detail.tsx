import type { VNode } from 'preact';
import { memo } from '../graph/memo.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatLength, formatSince, formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { JsonTree } from './json-tree.tsx';
import { Logs } from './logs.tsx';
import { Messages } from './messages.tsx';
import { Facts, Section } from './section.tsx';
import { Status } from './status.tsx';
import { Artifact, Failure, type StoredProps } from './stored-parts.tsx';
import { StoredValue } from './stored-value.tsx';

/** All that is stored of an execution; the same wherever in its history one looks. */
export const FlowStored = memo(function FlowStored({ model: current, document }: StoredProps): VNode {
  const { execution, plan, signals, artifacts, children } = document;
  const { executionId, generation, flowVersion, status, score, passed, failure, createdAt, startedAt, settledAt, labels, parentId } = execution;
  return <>
    {plan.definition.description && <p class="description">{plan.definition.description}</p>}
    {failure && <Section title="Failure"><Failure failure={failure} /></Section>}
    <Section title="Execution">
      <Facts facts={[
        ['Id', <code key="id">{executionId}</code>], ['Generation', generation > 1 ? generation : undefined], ['Version', flowVersion], ['Mode', plan.mode],
        ['Stored', <Status key="status" status={status} isBare />],
        ['Score', score === null ? undefined : `${score} (${passed ? 'passed' : 'did not pass'}, at least ${plan.minScore})`],
        ['Created', formatTime(createdAt)], ['Began', startedAt === null ? undefined : formatSince(current, startedAt)],
        ['Ended', settledAt === null ? undefined : `${formatSince(current, settledAt)} · took ${formatLength(settledAt - createdAt)}`],
        ['Parent', parentId !== null && <button key="parent" type="button" class="link" onClick={() => goTo({ page: 'execution', id: parentId, seq: undefined, step: '' })}>{parentId}</button>],
        ['Key', execution.idempotencyKey ?? undefined],
        ...Object.entries(labels).map(([name, value]) => [name, value] as const),
      ]} />
    </Section>
    <Section title="Input"><StoredValue text={execution.input} place={{ executionId, generation, of: 'input' }} /></Section>
    {signals.length > 0 && <Section title="Signals nobody has taken" count={signals.length}>
      {signals.map(({ number, name, payload }) => <div key={number}><code>{name}</code><StoredValue text={{ text: payload, length: payload.length }} /></div>)}
    </Section>}
    <Logs model={current} step="" />
    <Messages key={executionId} model={current} address="" />
    {children.length > 0 && <Section title="Child flows" count={children.length} isOpen={false}>
      {children.map(child => <button key={child.executionId} type="button" class="child" onClick={() => goTo({ page: 'execution', id: child.executionId, seq: undefined, step: '' })}>
        <Status status={child.status} isBare /><span>{child.flowId}</span><code>{child.executionId}</code>
      </button>)}
    </Section>}
    {artifacts.length > 0 && <Section title="Artifacts" count={artifacts.length} isOpen={false}>
      {artifacts.map(artifact => <Artifact key={artifact.name} artifact={artifact} />)}
    </Section>}
    {plan.assertions.length > 0 && <Section title="Assertions" count={plan.assertions.length} isOpen={false}><JsonTree value={plan.assertions} /></Section>}
    <Section title="Definition" isOpen={false}><JsonTree value={plan.definition} /></Section>
  </>;
});

/** The counters of the flow at the transition that is looked at. */
export function FlowNow({ model: current, seq }: { readonly model: ExecutionModel; readonly seq: number }): VNode | null {
  const state = current.history.getState('', seq);
  return state ? <Section title="Counters" isOpen={false}><JsonTree value={state.context} /></Section> : null;
}
