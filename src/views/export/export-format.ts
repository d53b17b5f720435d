import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { readExecutionView } from '../read-execution-view.ts';
import type { ExportSource } from './export-source.ts';
import { toExportDocument } from './export-document.ts';
import { listExportEntries } from './export-entries.ts';

/** What an execution can be written as. */
export const exportFormats = ['jsonl', 'json', 'yaml', 'mermaid', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** @throws a `FlowError` with code `usage_invalid` */
export function requireExportFormat(given: string): ExportFormat {
  const format = exportFormats.find(known => known === given);
  if (format) return format;
  throw new FlowError('usage_invalid', `Expected --format to be ${exportFormats.map(known => `\`${known}\``).join(', ')}, got \`${given}\`${didYouMean(given, exportFormats)}`);
}

/** Writes an execution in a format, piece by piece. Only `jsonl` never holds all of it at once. */
export async function* renderExport(format: ExportFormat, source: ExportSource): AsyncGenerator<string> {
  const { reader, plan, record } = source;
  if (format === 'jsonl') {
    for await (const entry of listExportEntries(reader, plan, record)) yield `${JSON.stringify(entry)}\n`;
  } else if (format === 'json') {
    yield `${JSON.stringify(await toExportDocument(listExportEntries(reader, plan, record)), null, 2)}\n`;
  } else if (format === 'yaml') {
    const { stringify } = await import('yaml');
    yield stringify(await toExportDocument(listExportEntries(reader, plan, record)), { lineWidth: 0, aliasDuplicateObjects: false });
  } else if (format === 'mermaid') {
    const { renderExecutionDiagram } = await import('../mermaid/execution-diagram.ts');
    yield renderExecutionDiagram(await readExecutionView(reader, plan, record));
  } else {
    const { renderStoredReport } = await import('../report/stored-report.ts');
    yield* renderStoredReport(source);
  }
}
