import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import type { Breakpoint } from '../../debugger/breakpoint.ts';
import { breakpoints, canSteer, heldNow, isSameBreakpoint, runTo, scopes, setBreakpoints, target, toggleBreakpoint, wire } from '../live/stepping.ts';
import { bindKey } from '../model/keys.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { Section } from './section.tsx';

const states = ['running', 'waiting', 'retrying', 'completed', 'failed', 'skipped', 'cancelled'] as const;

/** A breakpoint in words: `scan → running`. */
function describeBreakpoint({ target: one, flowId, step, item, state, event, failure, when, once, hits }: Breakpoint): string {
  const place = step === undefined ? (flowId ?? (one === undefined ? 'any flow' : 'this execution')) : item === undefined ? step : `${step}[${item}]`;
  const parts = [state !== undefined && `→ ${state}`, event, failure !== undefined && (failure === true ? 'any failure' : `failure ${failure}`), when !== undefined && `when ${when}`, once && 'once', hits !== undefined && `the ${hits}. time`];
  return [place, ...parts].filter(Boolean).join(' ');
}

/** Steps of this flow with a breakpoint, by id. */
export const listBroken = (): ReadonlySet<string> => new Set(breakpoints.value.flatMap(({ step }) => step ?? []));

/** Has executions stand before a step of theirs begins, or no more: F9 does so, too. */
export function BreakpointButton({ model, step }: { readonly model: ExecutionModel; readonly step: string }): VNode {
  const breakpoint: Breakpoint = { flowId: model.document.execution.flowId, step, state: 'running' };
  const isSet = breakpoints.value.some(one => isSameBreakpoint(one, breakpoint));
  // As soon as it is seen, its key is good.
  useLayoutEffect(() => bindKey('F9', () => void toggleBreakpoint(breakpoint)));
  return <button type="button" class="breakpoint-button" aria-pressed={isSet} title={`Stand before ${step} begins (F9)`} onClick={() => void toggleBreakpoint(breakpoint)}><span class="breakpoint-dot" aria-hidden="true" />{isSet ? 'Stands here' : 'Stand here'}</button>;
}

function NewBreakpoint({ model, address }: { readonly model: ExecutionModel; readonly address: string }): VNode {
  const state = useSignal('');
  const event = useSignal('');
  const failure = useSignal('');
  const when = useSignal('');
  const step = model.history.findStep(address)?.id;
  const isEmpty = [state, event, failure, when].every(one => one.value === '') && step === undefined;
  const build = (): Breakpoint => ({
    flowId: model.document.execution.flowId, ...(step !== undefined && { step }), ...(state.value !== '' && { state: state.value }), ...(event.value !== '' && { event: event.value }),
    ...(failure.value !== '' && { failure: failure.value === '*' ? true : failure.value }), ...(when.value !== '' && { when: when.value }),
  });
  return <form class="send" onSubmit={submitted => {
    submitted.preventDefault();
    void setBreakpoints([...breakpoints.value, build()]);
  }}>
    <div class="fields">
      <label class="field"><span>State entered</span><select value={state.value} onChange={changed => void (state.value = changed.currentTarget.value)}><option value="">any</option>{states.map(one => <option key={one} value={one}>{one}</option>)}</select></label>
      <label class="field"><span>Event</span><input type="text" placeholder="any" value={event.value} onInput={changed => void (event.value = changed.currentTarget.value)} /></label>
      <label class="field"><span>Failure code</span><input type="text" placeholder="none; * for any" value={failure.value} onInput={changed => void (failure.value = changed.currentTarget.value)} /></label>
      <label class="field"><span>When (JSONata)</span><input type="text" placeholder="event.run > 1" value={when.value} onInput={changed => void (when.value = changed.currentTarget.value)} /></label>
    </div>
    <p class="note">{step === undefined ? 'At any step of this flow' : `At ${step}, in any execution of this flow`}</p>
    <div class="buttons"><button type="submit" class="button" disabled={isEmpty}>Set breakpoint</button>
      {heldNow.value && <button type="button" class="button" disabled={isEmpty} onClick={() => void runTo({ ...build(), target: target.value ?? '' })}>Run to here</button>}</div>
  </form>;
}

/** Where executions come to stand, and a form for another one. */
export function BreakpointList({ model, address }: { readonly model: ExecutionModel; readonly address: string }): VNode | null {
  if (!wire.value || !scopes.value.includes('debug')) return null;
  const set = breakpoints.value;
  return <Section title="Breakpoints" count={set.length === 0 ? undefined : set.length} isOpen={set.length > 0}>
    {set.length > 0 && <ul class="breakpoints">{set.map((one, place) => <li key={place}><span class="breakpoint-dot" aria-hidden="true" /><span>{describeBreakpoint(one)}</span><button type="button" class="link" aria-label={`Remove ${describeBreakpoint(one)}`} onClick={() => void toggleBreakpoint(one)}>Remove</button></li>)}</ul>}
    {canSteer.value ? <NewBreakpoint model={model} address={address} /> : <p class="note">Executions of this flow that begin later stand there.</p>}
  </Section>;
}
