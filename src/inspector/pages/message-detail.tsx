import type { VNode } from 'preact';
import type { MessageDetails } from '../../kinds/queues/queue-api.ts';
import { formatTime } from '../model/format.ts';
import { goTo } from '../model/place.ts';
import { JsonTree } from '../panels/json-tree.tsx';
import { Facts, Section } from '../panels/section.tsx';
import { Status } from '../panels/status.tsx';

const toTime = (at: number | null): string | undefined => (at === null ? undefined : formatTime(at));

/** A step that published a message, or has it: a way to its execution. */
function Step({ name }: { readonly name: string }): VNode {
  const [, executionId = '', step = ''] = /^(?:flow:)?(.+)\/([^/]*)$/.exec(name) ?? [];
  if (executionId === '') return <code>{name}</code>;
  return <button type="button" class="link" onClick={() => goTo({ page: 'execution', id: executionId, seq: undefined, step: name.startsWith('flow:') ? '' : step })}>{name.replace(/^flow:/, '')}</button>;
}

/** A message, and everything that has become of it. @param redrive undefined: it is not dead, or may not be begun anew */
export function MessageDetail({ message, redrive }: { readonly message: MessageDetails | undefined; readonly redrive?: (() => void) | undefined }): VNode {
  if (!message) return <section class="panel detail" aria-label="Message"><p class="empty">No message is chosen.</p></section>;
  const { messageId, status, reason, payload, history, source, claimedBy } = message;
  return <section class="panel detail" aria-label="Message">
    <header class="panel-head"><h2 class="detail-title">{messageId}</h2><span class="grow" />{redrive && <button type="button" class="button" onClick={redrive}>Redrive</button>}<Status status={status} /></header>
    <div class="detail-body" tabIndex={0}>
      {reason && <Section title="Failure"><div class="failure"><p><code>{reason.code}</code></p><p class="failure-text">{reason.message}</p>{reason.details && <JsonTree value={reason.details} />}</div></Section>}
      <Section title="Payload"><JsonTree value={payload} /></Section>
      <Section title="Message"><Facts facts={[
        ['Queue', message.queue], ['Published', formatTime(message.publishedAt)], ['By', source === null ? undefined : <Step key="by" name={source} />],
        ['Attempt', message.attempt === 0 ? undefined : `${message.attempt} of ${message.maxAttempts}`], ['Redriven', message.generation > 1 ? message.generation - 1 : undefined],
        ['Claimed by', claimedBy === null ? undefined : claimedBy.startsWith('flow:') ? <Step key="claimed" name={claimedBy} /> : <code key="claimed">{claimedBy}</code>], ['Claimed', toTime(message.claimedAt)], ['Lease until', toTime(message.leaseUntil)], ['Due', toTime(message.dueAt)],
        ['Settled', toTime(message.settledAt)], ['Correlation', message.correlationId ?? undefined], ['Partition', message.partitionKey ?? undefined], ['Key', message.idempotencyKey ?? undefined],
        ['For', message.instance ?? undefined], ['Priority', message.priority], ['Version', message.version],
      ]} /></Section>
      <Section title="History" count={history.length}><ol class="events">{history.map(({ at, event, state }, place) => <li key={place}>
        <time class="note">{formatTime(at)}</time><code>{event}</code><span class="grow" />{state === null ? <span class="note">refused</span> : <Status status={state} isBare />}
      </li>)}</ol></Section>
    </div>
  </section>;
}
