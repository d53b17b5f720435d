import { signal, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Message } from '../../kernel/messages.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatSince } from '../model/format.ts';
import { Fork } from '../replay/fork.ts';
import type { Question } from '../replay/questions.ts';
import { type Entered, JsonField } from './json-form.tsx';
import { Status } from './status.tsx';

/** The fork that is looked at, and how often it was told something. */
const open = signal<{ readonly fork: Fork; readonly of: ExecutionModel; readonly told: number } | undefined>(undefined);

function tell(run: (fork: Fork) => void): void {
  const current = open.value;
  if (!current) return;
  run(current.fork);
  open.value = { ...current, told: current.told + 1 };
}

const words: Readonly<Record<Question['kind'], string>> = {
  start: 'waits to be started', prepare: 'waits for the values of its expressions', run: 'runs', timer: 'waits for its time', signal: 'waits for a signal', ask: 'asks a person', child: 'waits for a flow', machine: 'waits for a machine', consolidate: 'waits for its score',
};

const failure = { code: 'what_if', message: 'What if it had failed?', retryable: false };

/** What may be answered to a question, by name. */
function listAnswers({ kind, position, item, run, signal: name = '' }: Question, output: string, value: unknown): readonly (readonly [label: string, message: Message])[] {
  const place = { to: 'step', position, item } as const;
  switch (kind) {
    case 'run':
      return [['It completes', { ...place, event: { type: 'attempt.completed', run }, output }], ['It fails', { ...place, event: { type: 'attempt.failed', run, failure, retryAt: 0 } }], ['It fails, and may be tried again', { ...place, event: { type: 'attempt.failed', run, failure: { ...failure, retryable: true }, retryAt: 0 } }]];
    case 'prepare':
      return [['It starts with this', { to: 'prepared', position, item, prepared: Array.isArray(value) ? { type: 'start', list: { value, json: output }, input: { value, json: output } } : { type: 'start', input: { value, json: output } } }], ['It is skipped', { to: 'prepared', position, item, prepared: { type: 'skip', failure: { ...failure, code: 'condition_false' } } }], ['Its expressions fail', { to: 'prepared', position, item, prepared: { type: 'fail', failure } }]];
    case 'timer':
      return [['Its time comes', { ...place, event: { type: 'timer.fired' } }]];
    case 'signal':
    case 'ask':
      return [[kind === 'ask' ? 'The person answers this' : 'The signal comes', { to: 'signal', signal: { executionKey: 1, number: 1, name, payload: output, receivedAt: 0 } }], ['Its time runs out', { ...place, event: { type: 'timer.fired', failure: { ...failure, code: 'wait_timeout' } } }]];
    case 'child':
    case 'machine':
      return [['It completes', { ...place, event: { type: 'child.settled' }, output }], ['It fails', { ...place, event: { type: 'child.settled', failure } }]];
    case 'consolidate':
      return [['It passes', { to: 'flow', event: { type: 'consolidation.completed', score: 1, passed: true } }], ['It cannot be scored', { to: 'flow', event: { type: 'consolidation.failed', failure } }]];
    default:
      return [];
  }
}

function Ask({ fork, question }: { readonly fork: Fork; readonly question: Question }): VNode {
  const entered = useSignal<Entered>({ value: question.kind === 'ask' ? { action: 'skip' } : null });
  const { kind, address } = question;
  const recorded = fork.findRecorded(question);
  const value = 'value' in entered.value ? (entered.value.value ?? null) : null;
  const takesValue = kind !== 'timer' && kind !== 'consolidate' && kind !== 'start';
  return <li class="question">
    <p><b>{address || 'The flow'}</b> {words[kind]}{question.signal !== undefined && <> <code>{question.signal}</code></>}</p>
    {takesValue && <JsonField label={kind === 'prepare' ? 'Its input, JSON' : 'Its output, JSON'} initial={kind === 'ask' ? { action: 'skip' } : null} change={next => void (entered.value = next)} />}
    <div class="buttons">
      {recorded && <button type="button" class="button" onClick={() => tell(one => one.tell(recorded.message, recorded.said, { at: recorded.at, from: recorded.seq }))}>As it was</button>}
      {listAnswers(question, JSON.stringify(value), value).map(([label, message]) => <button key={label} type="button" class="button" disabled={takesValue && 'problem' in entered.value} onClick={() => tell(one => one.tell(message, `${address || 'flow'}: ${label.toLowerCase()}`))}>{label}</button>)}
    </div>
  </li>;
}

/** What would have become of it from a transition on: answers by hand, and what the kernel makes of them, beside the original. */
export function ForkPanel({ model: of, seq, close }: { readonly model: ExecutionModel; readonly seq: number; readonly close: () => void }): VNode | null {
  // What items were given and gave is what a fork answers with.
  const { hasItems } = of;
  void of.version.value;
  useEffect(() => {
    if (hasItems) open.value = { fork: new Fork(of.history, of.document, seq), of, told: 0 };
    else of.needItems();
  }, [of, seq, hasItems]);
  const current = open.value;
  if (current?.of !== of) return null;
  const { fork } = current;
  const questions = fork.questions.slice(0, 20);
  const differences = fork.compare();
  return <section class="panel fork" aria-label="Fork" role="region">
    <header class="panel-head"><h2>What if</h2><span class="count">from {fork.seq}</span><span class="preview-badge">touches nothing</span><span class="grow" /><button type="button" class="button" onClick={close}>Close</button></header>
    <div class="detail-body" tabIndex={0}>
      <div class="preview-entry fork-head"><span>The flow is</span><Status status={fork.tree.flow.value} /><span class="grow" />
        <button type="button" class="button" disabled={fork.isOver} onClick={() => tell(one => one.goOn())}>The rest as it was</button></div>
      {questions.length > 0 && <ul class="questions">{questions.map(question => <Ask key={`${question.kind}/${question.address}/${question.run}`} fork={fork} question={question} />)}</ul>}
      {fork.isOver && fork.moves.length === 0 && <p class="note preview-entry">It has ended here. Go back in its history, and ask from there.</p>}
      {!fork.isOver && questions.length === 0 && <p class="note preview-entry">Nothing it waits for can be answered here.</p>}
      <div class="preview-entry"><h4>Beside the original, at its end</h4>
        {differences.length === 0 ? <p class="note">No difference.</p> : <table class="grid"><thead><tr><th scope="col">Step</th><th scope="col">Original</th><th scope="col">Fork</th></tr></thead>
          <tbody>{differences.map(({ address, original, fork: other }) => <tr key={address}><td>{address || 'flow'}</td><td>{original === null ? <span class="note">not begun</span> : <Status status={original} isBare />}</td><td>{other === null ? <span class="note">not begun</span> : <Status status={other} isBare />}</td></tr>)}</tbody></table>}
      </div>
      <div class="preview-entry"><h4>What was told</h4>
        {fork.moves.length === 0 ? <p class="note">Nothing yet: answer one of the questions above.</p> : <ol class="moves-told">{fork.moves.map((move, place) => <li key={place}>
          <p><b>{move.said}</b> <span class="note">{formatSince(of, move.at)}</span></p>
          {move.thrown !== undefined && <p class="alert">{move.thrown}</p>}
          <p class="told-entries">{move.entries.filter(([, , state]) => state !== null).map(([address, event, state], index) => <code key={index}>{address || 'flow'} {event.type} → {state}</code>)}</p>
          {move.effects.length > 0 && <p class="note">would {move.effects.join('; ')}</p>}
        </li>)}</ol>}
      </div>
    </div>
  </section>;
}
