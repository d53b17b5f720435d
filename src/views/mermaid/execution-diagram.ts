import type { StepStatus } from '../../../persistence/records.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createGraph, reduceGraph, type StepGraph } from '../../definition/graph.ts';
import type { ConsolidationView, ExecutionView, StepView } from '../execution-view.ts';
import { formatDuration } from '../terminal/durations.ts';
import { escapeNote, escapeQuoted, escapeTail, shortenLabel } from './escape-label.ts';
import { nameNodes } from './node-names.ts';
import { renderStatusClasses } from './status-classes.ts';

export interface ExecutionDiagramOptions {
  /** `TD`: top down (default); `LR`: left to right. */
  readonly direction?: 'TD' | 'LR';
}

/** Mermaid refuses to draw more characters than 50,000. */
const maxCharacters = 49_000;
const symbols: Readonly<Record<StepStatus, string>> = {
  pending: '○', running: '▶', retrying: '↻', waiting: '◷', completed: '✔', failed: '✖', skipped: '⊘', cancelled: '■',
};

const formatFailure = ({ code, message }: StepFailure): string => shortenLabel(`${code}: ${message}`, 140);

function describeAttempts({ attempts, maxAttempts, interruptions, items, critical, always, recovery, kept }: StepView): string[] {
  return [
    ...(recovery === null ? [] : [recovery]),
    ...(kept ? ['kept from an earlier generation'] : []),
    ...(items ? [`${items.settled} of ${items.total} items${items.failed > 0 ? `, ${items.failed} failed` : ''}`] : []),
    ...(maxAttempts > 1 && attempts > 0 ? [`attempt ${attempts} of ${maxAttempts}`] : []),
    ...(critical || recovery?.startsWith('alternative of') ? [] : ['optional']),
    ...(always ? ['always'] : []),
    ...(interruptions > 0 ? [`cut off ${interruptions === 1 ? 'once' : `${interruptions} times`}`] : []),
  ];
}

/** A step's label, line by line. */
function describeStepState(step: StepView): string[] {
  const { status, startedAt, settledAt, failure } = step;
  const time = startedAt !== null && settledAt !== null ? ` in ${formatDuration(settledAt - startedAt)}` : '';
  const why = status === 'skipped' && failure ? `: ${failure.code}` : '';
  return [step.stepId, step.uses, `${symbols[status]} ${status}${time}${why}`, ...describeAttempts(step)];
}

/** What went wrong in a step, also on the way to its success. */
function describeTrouble(step: StepView): string[] {
  const { status, failure, calls } = step;
  const own = failure && status !== 'skipped' ? formatFailure(failure) : undefined;
  const counts = new Map<string, number>();
  for (const call of calls) if (call.failure) counts.set(formatFailure(call.failure), (counts.get(formatFailure(call.failure)) ?? 0) + 1);
  if (own !== undefined && !counts.has(own)) counts.set(own, 1);
  const texts = [...counts].map(([text, count]) => (count === 1 ? text : `${count} × ${text}`));
  return texts.length <= 4 ? texts : [...texts.slice(0, 3), `and ${texts.length - 3} more`];
}

/** The step whose end began this one: the last of those it waits for. */
function findCause(steps: readonly StepView[], upstream: readonly number[]): number | undefined {
  let cause: number | undefined;
  for (const position of upstream) if (cause === undefined || (steps[position]?.settledAt ?? 0) >= (steps[cause]?.settledAt ?? 0)) cause = position;
  return cause;
}

function renderNote(name: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [`  note right of ${name}`, ...texts.map(text => `    ${escapeNote(text) || '…'}`), '  end note'];
}

function describeConsolidation({ status, successRate }: ConsolidationView): string[] {
  return [`${status === 'completed' ? symbols.completed : symbols.failed} consolidation`, status, `${Math.round(successRate * 100)} % of the steps completed`];
}

/** Draws the end: the consolidation with its error, then the verdict; nothing while steps are under way. */
function renderEnd(view: ExecutionView, leaves: readonly string[]): { lines: string[]; classes: [string, StepStatus][] } {
  const { consolidation, settledAt, startedAt, createdAt, status, passed, score, failure } = view;
  const verdict = settledAt === null ? status : `${status}${passed ? ', passed' : ', did not pass'}, score ${Math.round((score ?? 0) * 1_000) / 1_000} after ${formatDuration(settledAt - (startedAt ?? createdAt))}`;
  if (!consolidation && settledAt === null && status !== 'consolidating') return { lines: [], classes: [] };
  const label = consolidation ? describeConsolidation(consolidation) : [status === 'failed' ? `${symbols.failed} failed` : 'consolidation'];
  const looks: StepStatus = consolidation ? (consolidation.status === 'completed' ? 'completed' : 'failed') : status === 'consolidating' ? 'running' : status === 'failed' ? 'failed' : 'completed';
  return {
    lines: [
      `  state "${label.map(escapeQuoted).join('<br/>')}" as consolidation`,
      ...leaves.map(name => `  ${name} --> consolidation`),
      ...(settledAt === null ? [] : [`  consolidation --> [*] : ${escapeTail(verdict)}`]),
      ...renderNote('consolidation', [...(consolidation?.error ? [formatFailure(consolidation.error)] : []), ...(failure ? [formatFailure(failure)] : [])]),
    ],
    classes: [['consolidation', looks]],
  };
}

function render(view: ExecutionView, graph: StepGraph, direction: string, terse: boolean): string {
  const { steps, startedAt } = view;
  const names = nameNodes(steps.map(({ stepId }) => stepId));
  const nameAt = (position: number): string => names.get(steps[position]?.stepId ?? '') ?? '';
  const classes: [string, StepStatus][] = [];
  const leaves: string[] = [];
  const lines = ['stateDiagram-v2', `  direction ${direction}`];
  for (const [position, step] of steps.entries()) {
    const name = nameAt(position);
    const upstream = graph.upstream[position] ?? [];
    const cause = findCause(steps, upstream);
    const offset = step.startedAt === null || startedAt === null || step.kept || terse ? '' : ` : ${escapeTail(`+${formatDuration(step.startedAt - startedAt)}`)}`;
    lines.push(`  state "${(terse ? [`${symbols[step.status]} ${step.stepId}`] : describeStepState(step)).map(text => escapeQuoted(shortenLabel(text, 120))).join('<br/>')}" as ${name}`);
    if (upstream.length === 0) lines.push(`  [*] --> ${name}${offset}`);
    for (const from of upstream) lines.push(`  ${nameAt(from)} --> ${name}${from === cause ? offset : ''}`);
    if (!terse) lines.push(...renderNote(name, describeTrouble(step)));
    if (graph.downstream[position]?.length === 0) leaves.push(name);
    classes.push([name, step.status]);
  }
  const end = renderEnd(view, leaves);
  return `${[...lines, ...end.lines, ...renderStatusClasses(new Map([...classes, ...end.classes]))].join('\n')}\n`;
}

/**
 * Draws an execution as a Mermaid state diagram: each step with its status, time and attempts, what went wrong in notes,
 * and on the arrow that began a step the time since the start. Skipped steps are dashed.
 *
 * Flows too long for Mermaid's limit of 50,000 characters are drawn with the names and colours of their steps only.
 */
export function renderExecutionDiagram(view: ExecutionView, { direction = 'TD' }: ExecutionDiagramOptions = {}): string {
  const positions = new Map(view.steps.map(({ stepId }, position) => [stepId, position]));
  const graph = reduceGraph(createGraph(view.steps.map(({ dependsOn }) => dependsOn.flatMap(id => positions.get(id) ?? []))));
  const diagram = render(view, graph, direction === 'LR' ? 'LR' : 'TB', false);
  return diagram.length <= maxCharacters ? diagram : render(view, graph, direction === 'LR' ? 'LR' : 'TB', true);
}
