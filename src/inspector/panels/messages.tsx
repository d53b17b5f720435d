import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import type { MessageDetails } from '../../kinds/queues/queue-api.ts';
import { useAsked } from '../live/asked.ts';
import { wire } from '../live/stepping.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { goTo } from '../model/place.ts';
import { JsonTree } from './json-tree.tsx';
import { Section } from './section.tsx';
import { Status } from './status.tsx';

interface Found {
  readonly messages: readonly MessageDetails[];
  readonly isAll: boolean;
}

/** Messages of queues that the steps have published or received. @param address of which step; `''`: of all */
export function Messages({ model, address }: { readonly model: ExecutionModel; readonly address: string }): VNode | null {
  const isOpen = useSignal(false);
  const { executionId } = model.document.execution;
  const wants = isOpen.value && wire.value !== undefined;
  const { answer, problem } = useAsked<Found>('messagesOf', wants ? { executionId } : undefined, wants ? [`flow:${executionId}`] : undefined);
  if (!wire.value) return null;
  const position = model.history.findStep(address)?.position;
  const isMine = ({ source, claimedBy }: MessageDetails): boolean =>
    address === '' || source === `${executionId}/${address}` || source?.startsWith(`${executionId}/${address}[`) === true || claimedBy === `flow:${executionId}/${position}`;
  const found = answer.value?.messages.filter(isMine) ?? [];
  return <Section title="Queue messages" count={answer.value ? found.length : undefined} isOpen={false} toggled={open => void (isOpen.value = open)}>
    {problem.value !== '' && <p class="alert">{problem.value}</p>}
    {!answer.value && problem.value === '' && <p class="note">Reading …</p>}
    {answer.value && found.length === 0 && <p class="note">None that it has published or received.</p>}
    {found.map(({ messageId, queue, status, payload, source }) => <details key={messageId} class="artifact">
      <summary><code>{queue}</code><Status status={status} isBare /><span class="note">{source?.startsWith(`${executionId}/`) ? 'published' : 'received'}</span></summary>
      <JsonTree value={payload} />
      <button type="button" class="link" onClick={() => goTo({ page: 'queues', id: queue })}>{messageId}</button>
    </details>)}
    {answer.value && !answer.value.isAll && <p class="note">Looked for among 500 messages of each queue and state: there are more.</p>}
  </Section>;
}
