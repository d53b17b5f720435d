import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { MessageDetails, QueueStats } from '../../kinds/queues/queue-api.ts';
import { formatLength } from '../graph/step-graph.ts';
import { useAsked } from '../live/asked.ts';
import { ask, notice, scopes } from '../live/stepping.ts';
import { formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { Status } from '../panels/status.tsx';
import { VirtualRows } from '../panels/virtual-rows.tsx';
import { MessageDetail } from './message-detail.tsx';

const states = { pending: 'pending', processing: 'inFlight', retrying: 'retrying', dead: 'dead', completed: 'completed' } as const;
type State = keyof typeof states;
const rowHeight = 32;
const pageSize = 200;

const toCount = (count: number): string => (count === 0 ? '' : count.toLocaleString('en'));

/** All queues that hold messages, and the messages of one, by their states. */
export function QueuesPage({ id }: { readonly id: string | undefined }): VNode {
  const { answer, problem, again } = useAsked<{ readonly queues: readonly QueueStats[] }>('queues', {}, ['queues']);
  const queues = answer.value?.queues ?? [];
  const chosen = queues.find(({ queue }) => queue === id) ?? queues[0];
  return <main class="executions">
    <div class="list-head"><h1>Queues</h1><span class="count">{queues.length}</span><span class="grow" />
      {(problem.value || notice.value) !== '' && <span class="notice" role="alert">{problem.value || notice.value}</span>}
      <button type="button" class="button" onClick={again}>Look again</button>
    </div>
    {queues.length === 0 ? <p class="empty">{answer.value ? 'No queue holds a message.' : 'Reading …'}</p> : <div class="stack">
      <section class="panel queue-table" aria-label="Queues"><div class="detail-body" tabIndex={0}>
        <table class="grid numbers"><thead><tr><th scope="col">Queue</th><th scope="col">Pending</th><th scope="col">In flight</th><th scope="col">Retrying</th><th scope="col">Dead</th><th scope="col">Completed</th><th scope="col">Oldest</th><th scope="col">Per second</th><th scope="col">p50</th><th scope="col">p95</th></tr></thead>
          <tbody>{queues.map(({ queue, pending, inFlight, retrying, dead, completed, oldestAt, oldestAgeMs, throughput, latencyMs }) => <tr key={queue} class={queue === chosen?.queue ? 'is-current' : ''}>
            <td><button type="button" class="link" aria-pressed={queue === chosen?.queue} onClick={() => goTo({ page: 'queues', id: queue })}>{queue}</button></td>
            <td>{toCount(pending)}</td><td>{toCount(inFlight)}</td><td>{toCount(retrying)}</td><td class={dead > 0 ? 'is-bad' : ''}>{toCount(dead)}</td><td>{toCount(completed)}</td>
            <td>{oldestAt === null ? '' : formatLength(oldestAgeMs)}</td><td>{throughput === 0 ? '' : throughput.toFixed(throughput < 1 ? 2 : 1)}</td><td>{latencyMs ? formatLength(latencyMs.p50) : ''}</td><td>{latencyMs ? formatLength(latencyMs.p95) : ''}</td>
          </tr>)}</tbody></table>
      </div></section>
      {chosen && <Messages key={chosen.queue} stats={chosen} />}
    </div>}
  </main>;
}

interface Listed {
  readonly messages: readonly MessageDetails[];
  readonly next: number | null;
}

function Messages({ stats }: { readonly stats: QueueStats }): VNode {
  const { queue } = stats;
  const first = (Object.keys(states) as State[]).find(state => stats[states[state]] > 0) ?? 'pending';
  const state = useSignal<State>(first);
  const limit = useSignal(pageSize);
  const selected = useSignal<string | undefined>(undefined);
  const { answer, problem, again } = useAsked<Listed>('messages', { queue, status: state.value, limit: limit.value }, [`queue:${queue}`]);
  const messages = answer.value?.messages ?? [];
  const place = Math.max(0, messages.findIndex(({ messageId }) => messageId === selected.value));
  const current = messages[place];
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    selected.value = messages[Math.max(0, Math.min(messages.length - 1, place + by))]?.messageId;
  };
  const redrive = async (messageId?: string): Promise<void> => {
    await ask('redrive', { queue, ...(messageId !== undefined && { messageId }), limit: messageId === undefined ? 1_000 : 1 });
    again();
  };
  const mayRedrive = scopes.value.includes('operate') && state.value === 'dead' && messages.length > 0;
  return <div class="beside">
    <section class="panel" aria-label={`Messages of ${queue}`}>
      <header class="panel-head"><h2>{queue}</h2>
        <div class="segments" role="tablist" aria-label="State of messages">{(Object.keys(states) as State[]).map(one => <button key={one} type="button" role="tab" aria-selected={state.value === one} onClick={() => void (state.value = one)}>{one}{' '}<span class="tab-count">{toCount(stats[states[one]])}</span></button>)}</div>
        <span class="grow" />{problem.value !== '' && <span class="notice">{problem.value}</span>}
        {mayRedrive && <button type="button" class="button" onClick={() => void redrive()}>Redrive all</button>}
      </header>
      {messages.length === 0 ? <p class="empty">{answer.value ? `No message is ${state.value}.` : 'Reading …'}</p>
        : <VirtualRows count={messages.length} rowHeight={rowHeight} label={`Messages, ${state.value}`} current={place} onKeyDown={onKeyDown} row={index => {
          const message = messages[index];
          return message && <Row message={message} index={index} isCurrent={index === place} select={() => void (selected.value = message.messageId)} />;
        }} />}
      {answer.value?.next != null && limit.value < 1_000 && <button type="button" class="more" onClick={() => void (limit.value = 1_000)}>Show more</button>}
    </section>
    <MessageDetail message={current} redrive={mayRedrive && current ? () => void redrive(current.messageId) : undefined} />
  </div>;
}

function Row({ message, index, isCurrent, select }: { readonly message: MessageDetails; readonly index: number; readonly isCurrent: boolean; readonly select: () => void }): VNode {
  const { messageId, status, attempt, maxAttempts, priority, correlationId, reason, payload, publishedAt } = message;
  return <div id={`row-${index}`} role="option" aria-selected={isCurrent} class="message-row" onClick={select}>
    <Status status={status} isBare /><code title={messageId}>{messageId}</code>
    <span class="message-text" title={correlationId ?? undefined}>{reason ? <code class="is-bad">{reason.code}</code> : JSON.stringify(payload)}</span>
    <span class="note">{attempt > 0 && `${attempt} of ${maxAttempts}`}</span><span class="note">{priority !== 0 && `priority ${priority}`}</span><time class="note">{formatTime(publishedAt)}</time>
  </div>;
}
