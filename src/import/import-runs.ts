import { readStored } from '../core/stored-value.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import { isImported } from '../../persistence/records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { FlowError } from '../core/errors.ts';
import type { ConsolidatedSession } from '../kinds/flows/consolidation/session.ts';
import { toExecutionId } from './import-names.ts';
import type { ImportedFile, ImportedRun } from './imported-run.ts';
import { mergeRuns } from './merge-runs.ts';
import { readLog } from './read-log.ts';
import { toExecution } from './to-batch.ts';

/** What became of one run. */
export type ImportResult = { readonly run: ImportedRun; readonly executionId: string } & (
  | { readonly result: 'imported'; readonly record: ExecutionRecord; readonly session: ConsolidatedSession }
  /** The same files were imported before. */
  | { readonly result: 'unchanged' }
  /** The run is there already, from other files. */
  | { readonly result: 'skipped'; readonly reason: string }
);

/**
 * Imports logs of the predecessor as settled executions: all of them in one commit, or none.
 *
 * Files that tell of the same run become one execution. What was imported before is left as it is.
 *
 * @param store acquired
 * @param lastKey the highest key in use
 * @throws a `FlowError` with code `file_unreadable` or `import_invalid`; then nothing is imported
 */
export async function importRuns(store: Records, paths: readonly string[], lastKey: number, now: number): Promise<ImportResult[]> {
  const runs = groupRuns(paths.map(readLog));
  const results: ImportResult[] = [];
  const batches: CommitBatch[] = [];
  for (const run of runs) {
    const executionId = toExecutionId(run.sessionId, run.files[0]?.sha256 ?? '');
    const known = await store.getExecution(executionId, 1);
    if (known) {
      results.push({ run, executionId, ...compare(run, known) });
      continue;
    }
    const { record, session, batch } = toExecution(run, executionId, lastKey + batches.length + 1, now);
    batches.push(batch);
    results.push({ run, executionId, result: 'imported', record, session });
  }
  if (batches.length > 0) await store.commit(join(batches));
  return results;
}

/** One run for each session: a file given twice counts once, a session file and a trace of it are brought together. */
function groupRuns(read: readonly ImportedRun[]): ImportedRun[] {
  const byContent = new Map(read.map(run => [run.files[0]?.sha256, run]));
  return [...Map.groupBy(byContent.values(), ({ sessionId }) => sessionId)].map(([sessionId, found]) => {
    const sessions = found.filter(({ files: [file] }) => file?.format === 'session');
    const traces = found.filter(({ files: [file] }) => file?.format === 'trace');
    const [session] = sessions;
    const [trace] = traces;
    if (sessions.length > 1 || traces.length > 1) {
      const files = found.flatMap(run => run.files.map(({ file }) => file));
      throw new FlowError('import_invalid', `Expected one session file and one trace of ${sessionId} at most, got ${files.join(', ')}, which differ. Nothing was imported`, { details: { sessionId, files } });
    }
    return session && trace ? mergeRuns(session, trace) : ((session ?? trace) as ImportedRun);
  });
}

function compare({ files }: ImportedRun, known: ExecutionRecord): { readonly result: 'unchanged' } | { readonly result: 'skipped'; readonly reason: string } {
  if (!isImported(known)) return { result: 'skipped', reason: 'an execution with this id is there, and was not imported' };
  const { importedFrom } = readStored<{ importedFrom: { files: ImportedFile[] } }>('inputs.input', known.key, known.input);
  const before = new Set(importedFrom.files.map(({ sha256 }) => sha256));
  if (files.every(({ sha256 }) => before.has(sha256))) return { result: 'unchanged' };
  const names = importedFrom.files.map(({ file }) => file).join(', ');
  return { result: 'skipped', reason: `it was imported before, from ${names}, and a settled execution is never changed. Import all files of a run together` };
}

/** Definitions are told apart by what they say, not by who brings them. */
function join(batches: readonly CommitBatch[]): CommitBatch {
  const definitions = new Map(batches.flatMap(batch => batch.definitions).map(row => [row.digest, row]));
  return {
    definitions: [...definitions.values()],
    executions: batches.flatMap(({ executions }) => executions), progress: [], steps: batches.flatMap(({ steps }) => steps),
    attempts: batches.flatMap(({ attempts }) => attempts), inputs: batches.flatMap(({ inputs }) => inputs), journal: [],
    signals: { received: [], consumed: [] }, consolidated: batches.flatMap(({ consolidated = [] }) => consolidated),
    catalog: { labels: batches.flatMap(({ catalog }) => catalog?.labels ?? []) },
  };
}
