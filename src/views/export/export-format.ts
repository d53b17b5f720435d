import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { readExecutionView } from '../read-execution-view.ts';
import type { ExportSource } from './export-source.ts';
import { toDocumentParts } from './document-parts.ts';
import { listExportEntries } from './export-entries.ts';
import { writeJson, writeYaml } from './write-document.ts';

/** What an execution can be written as. */
export const exportFormats = ['jsonl', 'json', 'yaml', 'mermaid', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** @throws a `FlowError` with code `usage_invalid` */
export function requireExportFormat(given: string): ExportFormat {
  const format = exportFormats.find(known => known === given);
  if (format) return format;
  throw new FlowError('usage_invalid', `Expected --format to be ${exportFormats.map(known => `\`${known}\``).join(', ')}, got \`${given}\`${didYouMean(given, exportFormats)}`);
}

/** Writes an execution in a format, piece by piece. Diagrams and reports hold all of its outputs at once; the others one at a time. */
export async function* renderExport(format: ExportFormat, source: ExportSource): AsyncGenerator<string> {
  const { reader, plan, record } = source;
  if (format === 'jsonl') {
    for await (const entry of listExportEntries(reader, plan, record)) yield `${JSON.stringify(entry)}\n`;
  } else if (format === 'json') {
    yield* writeJson(toDocumentParts(listExportEntries(reader, plan, record)));
  } else if (format === 'yaml') {
    yield* writeYaml(toDocumentParts(listExportEntries(reader, plan, record)));
  } else if (format === 'mermaid') {
    const { renderExecutionDiagram } = await import('../mermaid/execution-diagram.ts');
    yield renderExecutionDiagram(await readExecutionView(reader, plan, record));
  } else {
    const { renderStoredReport } = await import('../report/stored-report.ts');
    yield* renderStoredReport(source);
  }
}
