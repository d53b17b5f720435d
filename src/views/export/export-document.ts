import type { FlowDefinition } from '../../definition/schema.ts';
import type { Transition } from '../read-history.ts';
import type { ExportedArtifact, ExportedExecution, ExportedSession, ExportedStep, ExportEntry } from './export-entries.ts';

/** Everything about one execution as one value: what the lines of a JSONL export add up to. */
export interface ExportDocument {
  readonly format: 'flowstone-execution';
  readonly version: number;
  readonly execution: ExportedExecution;
  readonly definition: FlowDefinition;
  readonly steps: readonly ExportedStep[];
  readonly transitions: readonly Omit<Transition, 'type'>[];
  /** Null while it is not consolidated. */
  readonly consolidated: ExportedSession | null;
  readonly artifacts: readonly ExportedArtifact[];
}

/** Gathers the entries of an export, from the store or from the lines of a file. */
export async function toExportDocument(entries: AsyncIterable<ExportEntry> | Iterable<ExportEntry>): Promise<ExportDocument> {
  const document: { -readonly [Key in keyof ExportDocument]?: ExportDocument[Key] } = {};
  let consolidated: ExportedSession | null = null;
  const artifacts: ExportedArtifact[] = [];
  const steps: ExportedStep[] = [];
  const transitions: Omit<Transition, 'type'>[] = [];
  for await (const entry of entries) {
    if (entry.type === 'export') Object.assign(document, { format: entry.format, version: entry.version, execution: entry.execution });
    else if (entry.type === 'definition') document.definition = entry.definition;
    else if (entry.type === 'step') steps.push(withoutType(entry));
    else if (entry.type === 'artifact') artifacts.push(withoutType(entry));
    else if (entry.type === 'consolidated') consolidated = withoutType(entry);
    else if (entry.type === 'transition') transitions.push(withoutType(entry));
  }
  return { ...document, steps, transitions, consolidated, artifacts } as ExportDocument;
}

function withoutType<Entry extends { readonly type: string }>({ type: _type, ...rest }: Entry): Omit<Entry, 'type'> {
  return rest;
}
