import type { VNode } from 'preact';
import type { StepFailure } from '../../core/failure.ts';
import { scopes, wire } from '../live/stepping.ts';
import { type ExecutionModel, toItem, toStatus } from '../model/execution-model.ts';
import { formatBytes, formatLength, formatSince, formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { at, model, select, selected } from '../model/view-state.ts';
import { BreakpointButton, BreakpointList } from './breakpoint-list.tsx';
import { Change } from './change.tsx';
import { JsonTree, StoredValue } from './json-tree.tsx';
import { Facts, Section } from './section.tsx';
import { Send } from './send.tsx';
import { Status } from './status.tsx';

/** The selected step, item or flow, as it stood at the transition that is looked at, and all that is stored of it. */
export function Detail(): VNode {
  const current = model.value;
  if (!current) return <section class="panel detail" aria-label="Detail" />;
  void current.version.value;
  const address = selected.value;
  const seq = at.value;
  const state = current.history.getState(address, seq);
  const step = current.history.findStep(address);
  return <section class="panel detail" aria-label="Detail">
    <header class="panel-head">
      <h2 class="detail-title">{address === '' ? current.document.execution.flowId : address}</h2>
      <span class="detail-uses">{address === '' ? 'flow' : (step?.uses ?? 'not in the definition')}</span>
      <span class="grow" />
      {step && wire.value && scopes.value.includes('debug') && <BreakpointButton model={current} step={step.id} />}
      <Status status={toStatus(state)} />
    </header>
    <div class="detail-body" tabIndex={0}>
      {state?.isUncertain && <p class="alert">The replay differs from what is stored: this is the stored state, its context is not known.</p>}
      <Change model={current} seq={seq} />
      <BreakpointList model={current} address={address} />
      {address === '' && <Send model={current} />}
      {address === '' ? <FlowDetail model={current} /> : <StepDetail model={current} address={address} seq={seq} />}
    </div>
  </section>;
}

function Failure({ failure }: { readonly failure: StepFailure }): VNode {
  const { code, message, retryable, details } = failure;
  return <div class="failure"><p><code>{code}</code>{retryable && <span class="note"> may be tried again</span>}</p><p class="failure-text">{message}</p>{details && <JsonTree value={details} />}</div>;
}

function StepDetail({ model: current, address, seq }: { readonly model: ExecutionModel; readonly address: string; readonly seq: number }): VNode {
  const { history, document } = current;
  const state = history.getState(address, seq);
  const failure = current.findFailure(address, seq);
  const input = current.findInput(address);
  const output = current.findOutput(address);
  const step = history.findStep(address);
  const item = toItem(address);
  const id = step?.id ?? address;
  const isMine = (row: { readonly stepId: string; readonly item: number | undefined }): boolean => row.stepId === id && (item < 0 || row.item === item);
  const artifacts = document.artifacts.filter(isMine);
  const calls = document.interactions.filter(isMine);
  const children = document.children.filter(child => child.parentStep === address || (item < 0 && child.parentStep?.startsWith(`${id}[`)));
  const actors = document.actors.filter(({ view }) => view.id.startsWith(`flow:${document.execution.executionId}.${id}`));
  const description = document.plan.definition.steps[step?.position ?? -1]?.description;
  return <>
    {description && <p class="description">{description}</p>}
    {failure && <Section title="Failure"><Failure failure={failure} /></Section>}
    {history.toMachine(address) === 'fanOut' && <Items model={current} id={id} seq={seq} />}
    {output && <Section title="Output"><StoredValue text={output} /></Section>}
    {input && <Section title={history.toMachine(address) === 'fanOut' ? 'List' : 'Input'}><StoredValue text={input} /></Section>}
    <Attempts model={current} address={address} />
    {artifacts.length > 0 && <Section title="Artifacts" count={artifacts.length}>{artifacts.map(artifact => <Artifact key={artifact.name} artifact={artifact} />)}</Section>}
    {calls.length > 0 && <Section title="Model calls" count={calls.length}>{calls.map(call => <ModelCall key={call.number} call={call} />)}</Section>}
    {children.length > 0 && <Section title="Child flows" count={children.length}>
      {children.map(child => <button key={child.executionId} type="button" class="child" onClick={() => goTo({ page: 'execution', id: child.executionId, seq: undefined, step: '' })}>
        <Status status={child.status} isBare /><span>{child.flowId}</span><code>{child.executionId}</code>
      </button>)}
      <p class="note">As they stand now: what is stored of them is in journals of their own.</p>
    </Section>}
    {actors.map(({ view }) => <Section key={view.id} title="Machine" count={view.machineId}>
      <Facts facts={[['Address', <code key="id">{view.id}</code>], ['State', <code key="state">{JSON.stringify(view.root.value ?? null)}</code>], ['Status', <Status key="status" status={view.status} isBare />], ['Transitions', view.transitions]]} />
      {view.root.context !== undefined && <><h4>Context</h4><JsonTree value={view.root.context} /></>}
      {view.events.length > 0 && <><h4>Last events</h4><ol class="events">{view.events.map(event => <li key={event.transition}><span class="journal-seq">{event.transition}</span><code>{event.event.type}</code></li>)}</ol></>}
      <p class="note">As it stands now, as stored: a machine of your own is not replayed in this page.</p>
    </Section>)}
    {state && <Section title="Context" isOpen={false}><JsonTree value={state.context} /></Section>}
    {step && <Definition model={current} id={step.id} />}
  </>;
}

function Definition({ model: current, id }: { readonly model: ExecutionModel; readonly id: string }): VNode {
  const { steps } = current;
  const step = steps[current.history.plan.positions.get(id) ?? -1];
  const names = (positions: readonly number[]): VNode[] => positions.map(position => <button key={position} type="button" class="link" onClick={() => select(steps[position]?.id ?? '')}>{steps[position]?.id}</button>);
  return <Section title="Definition" isOpen={false}>
    {step && <Facts facts={[['Needs', step.dependsOn.length > 0 && <span class="links" key="needs">{names(step.dependsOn)}</span>], ['Needed by', step.dependents.length > 0 && <span class="links" key="needed">{names(step.dependents)}</span>]]} />}
    <JsonTree value={current.document.plan.definition.steps.find(one => one.id === id)} />
  </Section>;
}

function Items({ model: current, id, seq }: { readonly model: ExecutionModel; readonly id: string; readonly seq: number }): VNode {
  const { total = 0, settled = 0, completed = 0 } = (current.history.getState(id, seq)?.context ?? {}) as { readonly total?: number; readonly settled?: number; readonly completed?: number };
  const most = 400;
  return <Section title="Items" count={`${settled} of ${total}`}>
    {settled > completed && <p class="note">{settled - completed} did not complete</p>}
    <div class="items">{Array.from({ length: Math.min(total, most) }, (_, item) => {
      const address = `${id}[${item}]`;
      const status = toStatus(current.history.getState(address, seq));
      return <button key={item} type="button" class="item" data-status={status} aria-label={`${address}: ${status}`} title={`${address}: ${status}`} onClick={() => select(address)}>{item}</button>;
    })}</div>
    {total > most && <p class="note">The first {most}; others are in the journal.</p>}
  </Section>;
}

function Attempts({ model: current, address }: { readonly model: ExecutionModel; readonly address: string }): VNode | null {
  const attempts = current.listAttempts(address);
  if (attempts.length === 0) return null;
  return <Section title="Attempts" count={attempts.length}>
    <table class="grid"><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Began</th><th scope="col">Took</th></tr></thead>
      <tbody>{attempts.map(({ run, attempt, status, startedAt, endedAt, failure }) => <tr key={run}>
        <td>{run}{attempt !== run && <span class="note"> attempt {attempt}</span>}</td><td><Status status={status} isBare />{failure && <span class="note attempt-failure" title={failure.message}>{failure.code}</span>}</td><td>{formatSince(current, startedAt)}</td><td>{formatLength(endedAt - startedAt)}</td>
      </tr>)}</tbody></table>
  </Section>;
}

type AnArtifact = ExecutionModel['document']['artifacts'][number];

function download({ name, text = '', contentType }: AnArtifact): void {
  const url = URL.createObjectURL(new Blob([text], { type: contentType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replaceAll('/', '_');
  link.click();
  URL.revokeObjectURL(url);
}

function Artifact({ artifact }: { readonly artifact: AnArtifact }): VNode {
  const { name, kind, size, version, text } = artifact;
  return <details class="artifact">
    <summary><code>{name}</code><span class="note">{kind} · {formatBytes(size)}{version > 1 && ` · version ${version}`}</span></summary>
    {text === undefined ? <p class="note">Not a text: read it with <code>flowstone artifacts</code>.</p> : <><pre class="raw">{text}</pre>{text.length < size / 4 ? <p class="note">The beginning of it.</p> : <button type="button" onClick={() => download(artifact)}>Download</button>}</>}
  </details>;
}

function ModelCall({ call }: { readonly call: ExecutionModel['document']['interactions'][number] }): VNode {
  const { model: name, stage, status, prompt, response, totalTokens, cost, durationMs, failure } = call;
  return <details class="artifact">
    <summary><code>{name}</code><Status status={status} isBare /><span class="note">{[stage, totalTokens !== null && `${totalTokens} tokens`, cost !== null && `cost ${cost}`, durationMs !== null && formatLength(durationMs)].filter(Boolean).join(' · ')}</span></summary>
    <h4>Prompt</h4><pre class="raw">{prompt}</pre>
    {response !== null && <><h4>Response</h4><pre class="raw">{response}</pre></>}
    {failure && <Failure failure={failure} />}
  </details>;
}

function FlowDetail({ model: current }: { readonly model: ExecutionModel }): VNode {
  const { execution, plan, signals, artifacts } = current.document;
  const { executionId, generation, flowVersion, status, score, passed, failure, createdAt, startedAt, settledAt, labels, parentId, idempotencyKey } = execution;
  const state = current.history.getState('', at.value);
  return <>
    {plan.definition.description && <p class="description">{plan.definition.description}</p>}
    {failure && <Section title="Failure"><Failure failure={failure} /></Section>}
    <Section title="Execution">
      <Facts facts={[
        ['Id', <code key="id">{executionId}</code>], ['Generation', generation > 1 ? generation : undefined], ['Version', flowVersion], ['Mode', plan.mode],
        ['Stored', <Status key="status" status={status} isBare />], ['Score', score === null ? undefined : `${score} (${passed ? 'passed' : 'did not pass'}, at least ${plan.minScore})`],
        ['Created', formatTime(createdAt)], ['Began', startedAt === null ? undefined : formatSince(current, startedAt)], ['Ended', settledAt === null ? undefined : `${formatSince(current, settledAt)} · took ${formatLength(settledAt - createdAt)}`],
        ['Parent', parentId === null ? undefined : <button key="parent" type="button" class="link" onClick={() => goTo({ page: 'execution', id: parentId, seq: undefined, step: '' })}>{parentId}</button>],
        ['Key', idempotencyKey ?? undefined],
        ...Object.entries(labels).map(([name, value]) => [name, value] as const),
      ]} />
    </Section>
    <Section title="Input"><StoredValue text={execution.input} /></Section>
    {signals.length > 0 && <Section title="Signals nobody has taken" count={signals.length}>{signals.map(({ number, name, payload }) => <div key={number}><code>{name}</code><StoredValue text={{ text: payload, length: payload.length }} /></div>)}</Section>}
    {artifacts.length > 0 && <Section title="Artifacts" count={artifacts.length} isOpen={false}>{artifacts.map(artifact => <Artifact key={artifact.name} artifact={artifact} />)}</Section>}
    {plan.assertions.length > 0 && <Section title="Assertions" count={plan.assertions.length} isOpen={false}><JsonTree value={plan.assertions} /></Section>}
    {state && <Section title="Counters" isOpen={false}><JsonTree value={state.context} /></Section>}
    <Section title="Definition" isOpen={false}><JsonTree value={plan.definition} /></Section>
  </>;
}
