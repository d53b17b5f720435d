import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { ProgressView } from '../terminal/progress-view.ts';
import { readStartFolder } from './start-folder.ts';
import type { Suggest } from './suggest-command.ts';

/** Relative paths in flows mean the folder they were started in. */
export function enterStartFolder(records: readonly ExecutionRecord[], cwd: string, view: ProgressView, suggest: Suggest): void {
  const folders = new Set(records.map(({ idempotencyKey }) => readStartFolder(idempotencyKey) ?? cwd));
  const [folder = cwd] = folders;
  if (folders.size > 1) {
    view.note(`These were started in ${folders.size} folders; relative paths now mean ${cwd}. To have each in its own: ${suggest('resume ID')}`);
    return;
  }
  if (folder === cwd) return;
  try {
    process.chdir(folder);
    view.note(`Working in ${folder}, where it was started`);
  } catch {
    view.note(`${folder}, where it was started, is gone; relative paths now mean ${cwd}`);
  }
}
