import { escapeHtml } from './escape-html.ts';
import { parseCsv } from './parse-csv.ts';
import type { ReportDocument } from './report-document.ts';

/** Documents larger than this are named, not shown, bytes. */
const maxDocumentBytes = 2 * 1024 * 1024;
const maxRows = 1_000;

/** Kinds that people read; the others are listed only. */
const readable: ReadonlySet<ReportDocument['kind']> = new Set(['markdown', 'html', 'csv', 'text']);

/** Whether a document has a section of its own in a report. */
export function isReadable({ kind }: Pick<ReportDocument, 'kind'>): boolean {
  return readable.has(kind);
}

const renderText = (text: string): string => `<pre class="text">${escapeHtml(text)}</pre>`;

function renderCsv(text: string): string {
  const rows = parseCsv(text);
  if (!rows) return renderText(text);
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[], tag: string): string => `<tr>${cells.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const more = body.length > maxRows ? `<p class="quiet">${body.length - maxRows} more rows</p>` : '';
  return `<div class="scroll"><table><thead>${line(head, 'th')}</thead><tbody>${body.slice(0, maxRows).map(cells => line(cells, 'td')).join('\n')}</tbody></table></div>${more}`;
}

/** A page of others runs no script here, reaches nothing, and cannot leave its frame. */
function renderFrame(name: string, html: string): string {
  const lines = Math.min(40, Math.max(8, Math.ceil(html.replaceAll(/<[^<>]*>/g, ' ').length / 90) + 6));
  return `<iframe sandbox="" title="${escapeHtml(name)}" style="height:${lines * 1.5}rem" srcdoc="${escapeHtml(html)}"></iframe>`;
}

/** Shows a document in a report. */
export async function renderDocument(document: ReportDocument): Promise<string> {
  if (document.size > maxDocumentBytes) return `<p class="quiet">It is too large to be shown here: ${document.size} bytes.</p>`;
  const text = await document.read();
  if (document.kind === 'markdown') {
    const { renderMarkdown } = await import('./render-markdown.ts');
    return `<div class="prose">${renderMarkdown(text)}</div>`;
  }
  if (document.kind === 'html') return renderFrame(document.name, text);
  return document.kind === 'csv' ? renderCsv(text) : renderText(text);
}
