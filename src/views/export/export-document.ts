import type { FlowDefinition } from '../../definition/schema.ts';
import type { Transition } from '../read-history.ts';
import type { ExportedExecution, ExportedStep, ExportEntry } from './export-entries.ts';

/** Everything about one execution as one value: what the lines of a JSONL export add up to. */
export interface ExportDocument {
  readonly format: 'flowstone-execution';
  readonly version: number;
  readonly execution: ExportedExecution;
  readonly definition: FlowDefinition;
  readonly steps: readonly ExportedStep[];
  readonly transitions: readonly Omit<Transition, 'type'>[];
}

/** Gathers the entries of an export, from the store or from the lines of a file. */
export async function toExportDocument(entries: AsyncIterable<ExportEntry> | Iterable<ExportEntry>): Promise<ExportDocument> {
  const document: { -readonly [Key in keyof ExportDocument]?: ExportDocument[Key] } = {};
  const steps: ExportedStep[] = [];
  const transitions: Omit<Transition, 'type'>[] = [];
  for await (const entry of entries) {
    if (entry.type === 'export') Object.assign(document, { format: entry.format, version: entry.version, execution: entry.execution });
    else if (entry.type === 'definition') document.definition = entry.definition;
    else if (entry.type === 'step') steps.push(withoutType(entry));
    else if (entry.type === 'transition') transitions.push(withoutType(entry));
  }
  return { ...document, steps, transitions } as ExportDocument;
}

function withoutType<Entry extends { readonly type: string }>({ type: _type, ...rest }: Entry): Omit<Entry, 'type'> {
  return rest;
}
