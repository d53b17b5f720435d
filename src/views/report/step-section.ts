import type { StepFailure } from '../../core/failure.ts';
import type { CallView, StepView } from '../execution-view.ts';
import { formatDateTime, formatDuration } from '../terminal/durations.ts';
import { escapeHtml } from './escape-html.ts';

/** Values longer than this are cut, characters. */
const maxValueLength = 20_000;
const maxCalls = 50;

/** A status as a small coloured word. */
export function renderBadge(status: string, words = status.replaceAll('_', ' ')): string {
  return `<span class="badge ${escapeHtml(status)}">${escapeHtml(words)}</span>`;
}

/** What went wrong. */
export function renderFailure({ code, message, details }: StepFailure): string {
  const more = details && Object.keys(details).length > 0 ? `\n${escapeHtml(JSON.stringify(details))}` : '';
  return `<div class="trouble"><code>${escapeHtml(code)}</code> ${escapeHtml(message)}${more}</div>`;
}

/** Any JSON value, cut when it is very long. */
export function renderValue(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  const shown = text.length > maxValueLength ? `${text.slice(0, maxValueLength)}\n… ${text.length - maxValueLength} more characters` : text;
  return `<pre>${escapeHtml(shown)}</pre>`;
}

function renderCall({ item, status, failure, startedAt, endedAt }: CallView, index: number, origin: number): string {
  const why = failure ? `${failure.code}: ${failure.message}` : '';
  return `<tr><td>${index + 1}${item === null ? '' : ` (item ${item})`}</td><td>${renderBadge(status)}</td><td>+${formatDuration(startedAt - origin)}</td><td>${endedAt === null ? '' : formatDuration(endedAt - startedAt)}</td><td class="wide">${escapeHtml(why)}</td></tr>`;
}

function renderCalls(calls: readonly CallView[], origin: number): string {
  // One call that did what the step says of it has nothing to add.
  if (calls.length < 2) return '';
  const rows = calls.slice(0, maxCalls).map((call, index) => renderCall(call, index, origin));
  const more = calls.length > maxCalls ? `<p class="quiet">${calls.length - maxCalls} more calls</p>` : '';
  return `<h4>Calls</h4><div class="scroll"><table><thead><tr><th>#</th><th>status</th><th>began</th><th>took</th><th>why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>${more}`;
}

/** Says in a few words how a step went: time, attempts, items, interruptions. */
function describeStep({ status, failure, recovery, kept, startedAt, settledAt, attempts, maxAttempts, interruptions, items, critical, always, dueAt }: StepView): string[] {
  return [
    ...(startedAt !== null && settledAt !== null ? [formatDuration(settledAt - startedAt)] : []),
    ...(items ? [`${items.settled} of ${items.total} items${items.failed > 0 ? `, ${items.failed} failed` : ''}`] : []),
    ...(maxAttempts > 1 && attempts > 0 ? [`attempt ${attempts} of ${maxAttempts}`] : []),
    ...(interruptions > 0 ? [`cut off ${interruptions === 1 ? 'once' : `${interruptions} times`}`] : []),
    ...(recovery === null ? [] : [recovery]),
    ...(kept ? ['kept from an earlier generation'] : []),
    ...(critical ? [] : ['optional']),
    ...(always ? ['always'] : []),
    ...(status === 'skipped' && failure ? [failure.code.replaceAll('_', ' ')] : []),
    ...(dueAt === null ? [] : [`due ${formatDateTime(dueAt)}`]),
  ];
}

/** Shows a step, folded up; one that failed is open. */
export function renderStep(step: StepView, origin: number): string {
  const { index, stepId, status, uses, description, dependsOn, failure, input, output, calls } = step;
  const facts = describeStep(step).map(text => `<small>${escapeHtml(text)}</small>`).join('');
  return `<details class="step ${status}" id="step-${index}"${status === 'failed' ? ' open' : ''}><summary><strong>${escapeHtml(stepId)}</strong>${facts}${renderBadge(status)}</summary><div>
<p class="quiet">${escapeHtml(uses)}${dependsOn.length > 0 ? ` after ${escapeHtml(dependsOn.join(', '))}` : ''}</p>${description === null ? '' : `<p>${escapeHtml(description)}</p>`}
${failure ? renderFailure(failure) : ''}${renderCalls(calls, origin)}${input === undefined ? '' : `<h4>Input</h4>${renderValue(input)}`}${output === undefined ? '' : `<h4>Output</h4>${renderValue(output)}`}</div></details>`;
}

/** Shows when each step ran, as bars. */
export function renderTimeline(steps: readonly StepView[], origin: number, end: number): string {
  const span = Math.max(1, end - origin);
  const rows = steps.map(({ index, stepId, status, kept, startedAt: began, settledAt }) => {
    // What an earlier generation did lies before the beginning.
    const startedAt = kept ? null : began;
    const from = startedAt === null ? 0 : ((startedAt - origin) / span) * 100;
    const width = startedAt === null ? 0 : (((settledAt ?? end) - startedAt) / span) * 100;
    const bar = startedAt === null ? '' : `<i class="${status}" style="left:${Math.min(99.5, Math.max(0, from)).toFixed(2)}%;width:${Math.min(100 - Math.max(0, from), Math.max(0, width)).toFixed(2)}%"></i>`;
    const time = kept ? 'kept' : startedAt !== null && settledAt !== null ? formatDuration(settledAt - startedAt) : status;
    return `<a href="#step-${index}" title="${escapeHtml(stepId)}"><span>${escapeHtml(stepId)}</span><b>${bar}</b><small>${escapeHtml(time)}</small></a>`;
  });
  return `<div class="timeline">${rows.join('\n')}</div>`;
}
