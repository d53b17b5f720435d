import type { InteractionTotal } from '../../../persistence/interaction-store.ts';
import type { AssertionView, ConsolidationView, ExecutionView } from '../execution-view.ts';
import { formatDateTime, formatDuration } from '../terminal/durations.ts';
import { escapeHtml } from './escape-html.ts';
import { isReadable, renderDocument } from './render-document.ts';
import type { MissingDocument, ReportDocument, ReportDocuments } from './report-document.ts';
import { reportStyle } from './report-style.ts';
import { renderBadge, renderFailure, renderStep, renderTimeline, renderValue } from './step-section.ts';

export interface ReportOptions {
  /** When it is written, epoch ms. */
  readonly now: number;
  /** What the execution made. Default: nothing. */
  readonly documents?: ReportDocuments;
  /** Its calls of language models, by step and model. Default: none. */
  readonly models?: readonly InteractionTotal[];
  /** The execution as Mermaid text, to be pasted elsewhere. */
  readonly diagram?: string;
}

// Nothing in the page runs or fetches, whatever a step wrote into it.
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'";

const share = (part: number, whole: number): number => (whole === 0 ? 100 : Math.floor((part / whole) * 100));

/** How complete an execution is, in percent: the documents it was to make, or, where no missing one is known by name, its steps. */
export function computeCompletion(view: Pick<ExecutionView, 'steps'>, { present, missing }: ReportDocuments): number {
  if (missing.length > 0) return share(present.length, present.length + missing.length);
  // What its own condition left out was not to be done.
  const wanted = view.steps.filter(({ status, failure }) => !(status === 'skipped' && failure?.code === 'condition_false'));
  return share(wanted.filter(({ status }) => status === 'completed').length, wanted.length);
}

function renderHeader(view: ExecutionView, documents: ReportDocuments): string {
  const { flowId, flowVersion, executionId, generation, description, status, passed, score, createdAt, startedAt, settledAt, steps, failure, consolidation } = view;
  const completion = computeCompletion(view, documents);
  const verdict = passed === null ? renderBadge(status === 'pending' ? 'waiting' : status, status) : renderBadge(passed ? 'passed' : 'failed', passed ? 'passed' : 'did not pass');
  const facts: [string, string][] = [
    ['Score', score === null ? 'not yet' : String(Math.round(score * 1_000) / 1_000)],
    ['Steps completed', `${steps.filter(step => step.status === 'completed').length} of ${steps.length}`],
    ...(documents.present.length + documents.missing.length > 0 ? [['Documents', `${documents.present.length} of ${documents.present.length + documents.missing.length}`] as [string, string]] : []),
    ['Began', formatDateTime(createdAt)],
    ['Took', settledAt === null ? 'not settled' : formatDuration(settledAt - (startedAt ?? createdAt))],
    ['Mode', view.mode],
    ...(generation > 1 ? [['Generation', String(generation)] as [string, string]] : []),
  ];
  return `<header><h1>${escapeHtml(flowId)} ${verdict}</h1>
<p class="quiet">version ${escapeHtml(flowVersion)} · execution ${escapeHtml(executionId)}</p>${description === null ? '' : `<p>${escapeHtml(description)}</p>`}
<div class="${passed === null ? 'running' : passed ? 'completed' : 'failed'}"><div class="meter"><i style="width:${completion}%"></i></div>${completion} % complete</div>
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
${failure ? renderFailure(failure) : ''}${consolidation?.error ? `<p>The consolidation ${consolidation.status === 'timeout' ? 'ran out of time' : 'failed'}:</p>${renderFailure(consolidation.error)}` : ''}</header>`;
}

function renderContents(view: ExecutionView, readable: readonly ReportDocument[], { missing, present }: ReportDocuments, callsModels: boolean): string {
  const link = (target: string, words: string, inside = ''): string => `<li><a href="#${target}">${escapeHtml(words)}</a>${inside}</li>`;
  const documents = readable.map((document, index) => link(`document-${index}`, document.name)).join('');
  return `<nav><details open><summary>Contents</summary><ol>
${readable.length > 0 ? link('documents', 'Documents', `<ol>${documents}</ol>`) : ''}${missing.length > 0 ? link('missing', `Missing documents (${missing.length})`) : ''}${present.length > readable.length ? link('files', 'Other files') : ''}
${link('timeline', 'Timeline')}${view.consolidation && view.consolidation.assertions.length > 0 ? link('assertions', 'Assertions') : ''}${callsModels ? link('models', 'Model calls') : ''}${link('steps', 'Steps', `<ol>${view.steps.map(({ index, stepId }) => link(`step-${index}`, stepId)).join('')}</ol>`)}
${link('input', 'Input')}</ol></details></nav>`;
}

const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="scroll"><table><thead><tr>${head.map(title => `<th>${title}</th>`).join('')}</tr></thead><tbody>${rows.map(cells => `<tr>${cells.map((cell, index) => `<td${index === cells.length - 1 ? ' class="wide"' : ''}>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table></div>`;

function renderMissing(missing: readonly MissingDocument[]): string {
  const rows = missing.map(({ name, stepId, status, reason }) => [escapeHtml(name), escapeHtml(stepId), renderBadge(status), escapeHtml(reason)]);
  return `<section id="missing"><h2>Missing documents</h2>${renderTable(['document', 'step', 'status', 'reason'], rows)}</section>`;
}

function renderFiles(files: readonly ReportDocument[]): string {
  const rows = files.map(({ name, kind, stepId, version, size, sha256 }) => [escapeHtml(name), kind, escapeHtml(stepId), String(version), String(size), `<code>${escapeHtml(sha256)}</code>`]);
  return `<section id="files"><h2>Other files</h2>${renderTable(['name', 'kind', 'step', 'version', 'bytes', 'SHA-256'], rows)}</section>`;
}

function renderAssertions(assertions: readonly AssertionView[], { successRate, totalTools }: ConsolidationView): string {
  const rows = assertions.map(({ id, type, weight, result, reason }) => [escapeHtml(id), escapeHtml(type), String(weight), renderBadge(result), escapeHtml(reason ?? '')]);
  return `<section id="assertions"><h2>Assertions</h2><p class="quiet">${Math.round(successRate * 100)} % of the steps succeeded, in ${totalTools} tool calls</p>${renderTable(['assertion', 'type', 'weight', 'result', 'reason'], rows)}</section>`;
}

function renderModels(models: readonly InteractionTotal[]): string {
  const sum = (pick: (total: InteractionTotal) => number): number => models.reduce((all, total) => all + pick(total), 0);
  const round = (cost: number): string => String(Math.round(cost * 1e6) / 1e6);
  const rows = models.map(({ stepId, model, calls, failed, inputTokens, outputTokens, durationMs, cost }) =>
    [escapeHtml(stepId), escapeHtml(model), String(calls), String(failed), String(inputTokens), String(outputTokens), formatDuration(durationMs), round(cost)]);
  const total = `${sum(({ calls }) => calls)} calls, ${sum(({ totalTokens }) => totalTokens)} tokens, cost ${round(sum(({ cost }) => cost))}`;
  return `<section id="models"><h2>Model calls</h2><p class="quiet">${total}</p>${renderTable(['step', 'model', 'calls', 'failed', 'tokens in', 'tokens out', 'time', 'cost'], rows)}</section>`;
}

/**
 * Writes an execution as a page that stands for itself, piece by piece: the documents it made, those it did not make and why,
 * when each step ran and what went in and came out.
 */
export async function* renderExecutionReport(view: ExecutionView, { now, documents = { present: [], missing: [] }, models = [], diagram }: ReportOptions): AsyncGenerator<string> {
  const readable = documents.present.filter(isReadable);
  const files = documents.present.filter(document => !isReadable(document));
  const origin = view.startedAt ?? view.createdAt;
  yield `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${escapeHtml(view.flowId)}: ${escapeHtml(view.executionId)}</title><style>${reportStyle}</style></head><body><div class="page">
${renderHeader(view, documents)}
${renderContents(view, readable, documents, models.length > 0)}
<main>
`;
  if (readable.length > 0) yield '<section id="documents"><h2>Documents</h2>\n';
  for (const [index, document] of readable.entries()) {
    yield `<section class="document" id="document-${index}"><h3>${escapeHtml(document.name)}</h3><p class="quiet">by ${escapeHtml(document.stepId)}${document.version > 1 ? `, version ${document.version}` : ''}</p>${await renderDocument(document)}</section>\n`;
  }
  if (readable.length > 0) yield '</section>\n';
  if (documents.missing.length > 0) yield renderMissing(documents.missing);
  if (files.length > 0) yield renderFiles(files);
  yield `<section id="timeline"><h2>Timeline</h2>${renderTimeline(view.steps, origin, view.settledAt ?? now)}</section>\n`;
  if (view.consolidation && view.consolidation.assertions.length > 0) yield renderAssertions(view.consolidation.assertions, view.consolidation);
  if (models.length > 0) yield renderModels(models);
  yield '<section id="steps"><h2>Steps</h2>\n';
  for (const step of view.steps) yield `${renderStep(step, origin)}\n`;
  yield `</section><section id="input"><h2>Input</h2>${renderValue(view.input)}</section>
${diagram === undefined ? '' : `<section id="diagram"><h2>Diagram</h2><details><summary>As Mermaid text</summary><pre>${escapeHtml(diagram)}</pre></details></section>`}
<footer>Written ${formatDateTime(now)} by Flowstone. Nothing in this page runs or is fetched from elsewhere.</footer></main></div></body></html>
`;
}
