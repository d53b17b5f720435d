import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import { scopes, wire } from '../live/stepping.ts';
import { toStatus } from '../model/execution-model.ts';
import { at, model, selected } from '../model/view-state.ts';
import { BreakpointButton, BreakpointList } from './breakpoint-list.tsx';
import { Change } from './change.tsx';
import { FlowNow, FlowStored } from './flow-detail.tsx';
import { Send } from './send.tsx';
import { Status } from './status.tsx';
import { StepAfter, StepNow, StepStored } from './step-detail.tsx';

/** The selected step, item or flow, as it stood at the transition that is looked at, and all that is stored of it. */
export function Detail(): VNode {
  const current = model.value;
  const isItem = selected.value.includes('[');
  useEffect(() => {
    if (isItem) current?.needItems();
  }, [current, isItem]);
  if (!current) return <section class="panel detail" aria-label="Detail" />;
  const version = current.version.value;
  const address = selected.value;
  const seq = at.value;
  const { document, history } = current;
  const state = history.getState(address, seq);
  const step = history.findStep(address);
  const stored = { model: current, address, document, version };
  return <section class="panel detail" aria-label="Detail">
    <header class="panel-head">
      <h2 class="detail-title">{address === '' ? document.execution.flowId : address}</h2>
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
      {address === ''
        ? <div key="flow"><FlowStored {...stored} /><FlowNow model={current} seq={seq} /></div>
        : <div key={address}><StepNow model={current} address={address} seq={seq} /><StepStored {...stored} /><StepAfter model={current} address={address} seq={seq} /></div>}
    </div>
  </section>;
}
