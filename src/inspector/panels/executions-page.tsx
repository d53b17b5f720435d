import { useComputed, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { systemClock } from '../../core/clock.ts';
import type { ExecutionSummary } from '../../kinds/flows/execution-api.ts';
import { executions, flows, followList, hasMore, isListing, listFilter, listMore, listNewest, listText, type StartableFlow } from '../live/execution-list.ts';
import { ask, held, scopes, wire } from '../live/stepping.ts';
import { formatLength, formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { type Entered, type FormSchema, JsonForm, toInitial } from './json-form.tsx';
import { Status } from './status.tsx';
import { VirtualRows } from './virtual-rows.tsx';

const rowHeight = 36;
const statuses = ['', 'open', 'pending', 'stepping', 'consolidating', 'scored', 'failed'] as const;

const open = (executionId: string): void => goTo({ page: 'execution', id: executionId, seq: undefined, step: '' });

function Row({ execution, isCurrent, index }: { readonly execution: ExecutionSummary; readonly isCurrent: boolean; readonly index: number }): VNode {
  const { executionId, flowId, status, score, passed, failure, createdAt, settledAt, generation, blockedBy } = execution;
  return <div id={`row-${index}`} role="option" aria-selected={isCurrent} class="execution-row" onClick={() => open(executionId)}>
    <Status status={status} isBare />
    <b title={flowId}>{flowId}</b>
    <code title={executionId}>{executionId}{generation > 1 && <span class="note"> · generation {generation}</span>}</code>
    <span class="execution-note" title={failure?.message ?? blockedBy?.message}>{held.value.has(executionId) ? <em class="is-held">held by the inspector</em> : failure ? <code>{failure.code}</code> : blockedBy ? <code>{blockedBy.code}</code> : score === null ? '' : `score ${score}${passed ? '' : ', did not pass'}`}</span>
    <span class="note">{settledAt === null ? '' : formatLength(settledAt - createdAt)}</span>
    <time class="note">{formatTime(createdAt)}</time>
  </div>;
}

function StartForm({ flow, close }: { readonly flow: StartableFlow; readonly close: () => void }): VNode {
  const entered = useSignal<Entered>({ value: {} });
  const stands = useSignal(scopes.value.includes('debug'));
  const schema = flow.input as FormSchema | null;
  const start = async (): Promise<void> => {
    if ('problem' in entered.value) return;
    if (stands.value) await ask('pauseOnStart', { flowId: flow.id });
    const started = (await ask('start', { flowId: flow.id, input: entered.value.value ?? {} })) as { readonly executionId: string } | undefined;
    if (!started) return;
    close();
    open(started.executionId);
  };
  return <form class="start-form" onSubmit={event => {
    event.preventDefault();
    void start();
  }}>
    {flow.description && <p class="note">{flow.description}</p>}
    <JsonForm schema={schema} initial={toInitial(schema)} change={next => void (entered.value = next)} />
    {scopes.value.includes('debug') && <label class="field is-inline"><input type="checkbox" checked={stands.value} onChange={event => void (stands.value = event.currentTarget.checked)} /><span>Stand still at its first event</span></label>}
    <div class="buttons"><button type="submit" class="button is-main" disabled={'problem' in entered.value}>Start {flow.id}</button><button type="button" class="button" onClick={close}>Cancel</button></div>
  </form>;
}

function Start(): VNode | null {
  const chosen = useSignal<StartableFlow | undefined>(undefined);
  if (!scopes.value.includes('run') || flows.value.length === 0) return null;
  return <aside class="panel start" aria-label="Start a flow">
    <header class="panel-head"><h2>Start</h2></header>
    <div class="detail-body" tabIndex={0}>{chosen.value ? <StartForm key={chosen.value.id} flow={chosen.value} close={() => void (chosen.value = undefined)} />
      : <ul class="flows">{flows.value.map(flow => <li key={flow.id}><button type="button" onClick={() => void (chosen.value = flow)}><b>{flow.id}</b><span class="note">{flow.description ?? `version ${flow.version}`}</span></button></li>)}</ul>}</div>
  </aside>;
}

/** All executions, the newest first; rows come as they are asked for, and follow what happens. */
export function ExecutionsPage(): VNode {
  const connection = wire.value;
  const current = useSignal(0);
  const shown = useComputed(() => {
    const text = listText.value.trim().toLowerCase();
    return text === '' ? executions.value : executions.value.filter(({ executionId, flowId, failure }) => [executionId, flowId, failure?.code ?? ''].some(part => part.toLowerCase().includes(text)));
  });
  useEffect(() => {
    if (!connection) return undefined;
    connection.request('flows').then(list => void (flows.value = list as StartableFlow[])).catch(() => {});
    return followList(connection, (run, ms) => void systemClock.setTimer(run, ms));
  }, [connection]);
  useEffect(() => {
    if (connection) listNewest(connection).catch(() => {});
  }, [connection, listFilter.value]);
  const flowIds = [...new Set([...flows.value.map(({ id }) => id), ...executions.value.map(({ flowId }) => flowId)])].toSorted();
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (event.key === 'Enter') open(shown.value[current.value]?.executionId ?? '');
    else if (by !== undefined) current.value = Math.max(0, Math.min(shown.value.length - 1, current.value + by));
    else return;
    event.preventDefault();
  };
  return <main class="executions">
    <div class="list-head"><h1>Executions</h1><span class="count">{shown.value.length.toLocaleString('en')}{hasMore.value && '+'}</span><span class="grow" />
      <input type="search" id="filter" class="search" placeholder="Search flow, id, failure" aria-label="Search" value={listText.value} onInput={event => void (listText.value = event.currentTarget.value)} />
      <label class="unseen" for="status">State</label><select id="status" value={listFilter.value.status} onChange={event => void (listFilter.value = { ...listFilter.value, status: event.currentTarget.value })}>{statuses.map(one => <option key={one} value={one}>{one === '' ? 'Any state' : one}</option>)}</select>
      <label class="unseen" for="flow">Flow</label><select id="flow" value={listFilter.value.flowId} onChange={event => void (listFilter.value = { ...listFilter.value, flowId: event.currentTarget.value })}><option value="">Any flow</option>{flowIds.map(id => <option key={id} value={id}>{id}</option>)}</select>
    </div>
    <div class="list-regions">
      <section class="panel" aria-label="Executions">
        {shown.value.length === 0 ? <p class="empty">{isListing.value ? 'Reading …' : 'No execution here.'}</p>
          : <VirtualRows count={shown.value.length} rowHeight={rowHeight} label="Executions" current={current.value} row={index => {
            const execution = shown.value[index];
            return execution && <Row execution={execution} index={index} isCurrent={index === current.value} />;
          }} onKeyDown={onKeyDown} />}
        {hasMore.value && <button type="button" class="more" disabled={isListing.value} onClick={() => connection && void listMore(connection)}>Show more</button>}
      </section>
      <Start />
    </div>
  </main>;
}
