import type { ExportSource } from '../export/export-source.ts';
import { renderExecutionDiagram } from '../mermaid/execution-diagram.ts';
import { readExecutionView } from '../read-execution-view.ts';
import { renderExecutionReport } from './execution-report.ts';
import { readDocuments } from './read-documents.ts';

/** Writes the report of a stored execution, settled or not, with the documents it has made. */
export async function* renderStoredReport({ reader, plan, record, now }: ExportSource): AsyncGenerator<string> {
  const view = await readExecutionView(reader, plan, record);
  const models = (await reader.interactions?.total(view.executionId, record.key)) ?? [];
  yield* renderExecutionReport(view, { now, documents: await readDocuments(reader, plan, view, record.key), models, diagram: renderExecutionDiagram(view) });
}
