import type { VNode } from 'preact';
import type { Held } from '../../debugger/debugger.ts';
import { heldNow, preview } from '../live/stepping.ts';
import { newest, select } from '../model/view-state.ts';

const reasons: Readonly<Record<string, string>> = { pause: 'Paused', start: 'Standing at its start', parent: 'Standing with its parent', breakpoint: 'Standing at a breakpoint', done: 'Standing again', step: 'Standing after a step' };

/** What was met, in a few words. */
function describeHit({ hit }: Held): string {
  if (!hit) return '';
  const { step, item, state, event, failure, when } = hit.breakpoint;
  const parts = [step === undefined ? undefined : item === undefined ? step : `${step}[${item}]`, state && `→ ${state}`, event, failure !== undefined && (failure === true ? 'any failure' : failure), when && `when ${when}`];
  return `${parts.filter(Boolean).join(' ')}${hit.problem === undefined ? '' : ` (its condition threw: ${hit.problem})`}`;
}

/** What waits to be let in, while the execution stands. */
export function HeldBar(): VNode | null {
  const one = heldNow.value;
  if (!one) return null;
  const { messages, count, reason, mode } = one;
  return <div class={`held-bar${one.hit ? ' is-hit' : ''}`} role="region" aria-label="Held messages">
    <strong>{mode === 'running' ? 'Going on' : reason === 'start' && newest.value > 0 ? 'Standing' : (reasons[reason] ?? 'Standing')}</strong>
    {one.hit && <code class="held-hit">{describeHit(one)}</code>}
    <span class="note">{count === 0 ? 'nothing waits yet: handlers that run go on' : count === 1 ? 'one message waits' : `${count} messages wait`}</span>
    <ol class="held-list">{messages.slice(0, 6).map(({ number, address, event }, place) => <li key={number} class={place === 0 ? 'is-first' : ''}>
      <button type="button" onClick={() => select(address)} title={`${address || 'flow'}: ${event.type}`}><b>{address || 'flow'}</b> {event.type}</button>
    </li>)}{count > 6 && <li class="note">+{count - 6}</li>}</ol>
    {preview.value && <span class="note">walking through the first</span>}
  </div>;
}
