import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { ask, canSteer, scopes } from '../live/stepping.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { newest } from '../model/view-state.ts';
import { type Entered, JsonField } from './json-form.tsx';
import { Section } from './section.tsx';

interface Wanted {
  readonly address: string;
  readonly signal: string;
  readonly isQuestion: boolean;
}

/** Signals that the execution waits for now. */
function listWanted({ steps, history, document }: ExecutionModel, seq: number): Wanted[] {
  return steps.flatMap((step): Wanted[] => {
    const state = history.getState(step.id, seq);
    if (state?.value !== 'waiting') return [];
    const { recovery } = state.context as { readonly recovery?: string | null };
    if (recovery === 'ask' && step.recover?.ask) return [{ address: step.id, signal: step.recover.ask.signal, isQuestion: true }];
    if (step.role !== 'signal' || step.kind.message) return [];
    const stored = document.inputs.find(({ position, item }) => position === step.position && item === -1)?.input.text;
    const name = step.kind.signal?.(stored === undefined ? step.with?.value : JSON.parse(stored), step.id);
    return name === undefined ? [] : [{ address: step.id, signal: name, isQuestion: false }];
  });
}

const answers = ['retry', 'skip', 'use', 'fail'] as const;

function Answer({ id, wanted }: { readonly id: string; readonly wanted: Wanted }): VNode {
  const action = useSignal<(typeof answers)[number]>('retry');
  const entered = useSignal<Entered>({ value: null });
  const payload = (): unknown => (!wanted.isQuestion ? ('value' in entered.value ? (entered.value.value ?? null) : null) : action.value === 'use' ? { action: 'use', output: 'value' in entered.value ? (entered.value.value ?? null) : null } : { action: action.value });
  const isOff = 'problem' in entered.value;
  return <form class="send" onSubmit={event => {
    event.preventDefault();
    void ask('signal', { executionId: id, name: wanted.signal, payload: payload() });
  }}>
    <p><b>{wanted.address}</b> waits for <code>{wanted.signal}</code></p>
    {wanted.isQuestion && <fieldset class="choices"><legend class="unseen">What to do</legend>{answers.map(one => <label key={one}><input type="radio" name={wanted.signal} checked={action.value === one} onChange={() => void (action.value = one)} />{one}</label>)}</fieldset>}
    {(!wanted.isQuestion || action.value === 'use') && <JsonField label={wanted.isQuestion ? 'Output, JSON' : 'Payload, JSON'} initial={wanted.isQuestion ? undefined : null} change={next => void (entered.value = next)} />}
    <button type="submit" class="button" disabled={isOff}>{wanted.isQuestion ? 'Answer' : 'Send'}</button>
  </form>;
}

/** What can be sent to the execution by hand: it goes the way of any other signal. */
export function Send({ model }: { readonly model: ExecutionModel }): VNode | null {
  if (!canSteer.value || !scopes.value.includes('run')) return null;
  const id = model.document.execution.executionId;
  const wanted = listWanted(model, newest.value);
  return <Section title="Send" count={wanted.length > 0 ? wanted.length : undefined} isOpen={wanted.length > 0}>
    {wanted.length === 0 && <p class="note">No step waits for a signal now.</p>}
    {wanted.map(one => <Answer key={`${one.address}/${one.isQuestion}`} id={id} wanted={one} />)}
    <button type="button" class="button is-bad" onClick={() => void ask('cancel', { executionId: id, message: 'Cancelled in the inspector' })}>Cancel the execution</button>
  </Section>;
}
