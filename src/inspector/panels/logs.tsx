import type { VNode } from 'preact';
import { logLines } from '../live/logs.ts';
import { wire } from '../live/stepping.ts';
import type { ExecutionModel } from '../model/execution-model.ts';
import { formatSince } from '../model/format.ts';
import { Section } from './section.tsx';

/** Lines that handlers log while the page is open. @param step of which step; `''`: of all */
export function Logs({ model, step }: { readonly model: ExecutionModel; readonly step: string }): VNode | null {
  const shown = step === '' ? logLines.value : logLines.value.filter(({ stepId }) => stepId === step);
  const isOver = model.document.execution.settledAt !== null;
  if (!wire.value || (isOver && shown.length === 0)) return null;
  return <Section title="Logs" count={shown.length === 0 ? undefined : shown.length} isOpen={shown.length > 0}>
    {shown.length === 0 && <p class="note">Lines that handlers log while this page is open come here. They are not stored.</p>}
    <ol class="logs">{shown.map((line, place) => <li key={place} class={`is-${line.level}`}>
      <span class="log-level">{line.level}</span>
      <span class="note">{formatSince(model, line.at)}{step === '' && line.stepId !== null && ` ${line.stepId}`}</span>
      <span class="log-text">{line.message}{line.about !== null && <code> {line.about}</code>}</span>
    </li>)}</ol>
  </Section>;
}
