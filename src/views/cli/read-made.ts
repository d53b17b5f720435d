import type { RecordReader } from '../../../persistence/store.ts';
import type { FileReport } from '../../kinds/flows/artifacts/output-files.ts';
import { writeFiles } from '../../kinds/flows/artifacts/output-files.ts';
import type { InteractionTotals } from '../../kinds/flows/interactions/interaction.ts';
import { sumInteractions } from '../../kinds/flows/interactions/read-interactions.ts';

/** What an execution has made beside its outputs. */
export interface Made {
  readonly artifacts: { readonly count: number; readonly bytes: number };
  readonly totals: InteractionTotals;
  /** Undefined: it has no output folder. */
  readonly files?: FileReport;
}

export interface ReadMadeOptions {
  /** Its n-th life: the documents as they stood then, and the calls it made. Default: the newest. */
  readonly generation?: number;
  /** Makes sure of every file in its folder. */
  readonly files?: boolean;
  readonly folder?: string | undefined;
}

/** Adds up what one life of an execution has made. */
export async function readMade(reader: RecordReader, executionId: string, { generation, files = false, folder: asked }: ReadMadeOptions = {}): Promise<Made | undefined> {
  const record = await reader.getExecution(executionId, generation);
  if (!record || !reader.artifacts || !reader.interactions) return undefined;
  const artifacts = await reader.artifacts.count(executionId, record.key);
  const totals = await sumInteractions(reader, executionId, record.key);
  // An execution in a process of its own writes no files: its folder is known here only.
  const folder = files ? (asked ?? (await reader.artifacts.getFolder(executionId))) : undefined;
  return { artifacts, totals, ...(folder !== undefined && { files: await writeFiles(reader, executionId, folder) }) };
}

/** As it stands in a document: what there is none of is left out. */
export function toMadeDocument(made: Made | undefined): object {
  if (!made) return {};
  const { artifacts, totals: { steps: _steps, ...sum }, files } = made;
  return {
    ...(artifacts.count > 0 && { artifacts }),
    ...(sum.calls > 0 && { interactions: sum }),
    ...(files && { files: { folder: files.folder, written: files.written.length, unchanged: files.unchanged, failed: files.failed } }),
  };
}
