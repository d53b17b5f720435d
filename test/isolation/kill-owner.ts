import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { OwnerFiles } from '../../persistence/files/owner-file.ts';
import type { ProcessIdentity } from '../../persistence/files/process-identity.ts';
import { isProcessAlive } from '../../persistence/files/process-identity.ts';

export interface OwnerRun {
  /** Executions it said it has started. */
  readonly ids: readonly string[];
  /** Exit code; null: it was killed. */
  readonly code: number | null;
}

/** Runs an owner (owner.ts) and kills it so long after it has said what it started; undefined: it is left alone. */
export function runOwner(args: readonly (string | number)[], killAfterMs: number | undefined, onReady?: (ids: readonly string[]) => Promise<void>): Promise<OwnerRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'owner.ts'), ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    let told = false;
    const kill = (): void => void child.kill('SIGKILL');
    child.stdout.on('data', chunk => {
      text += String(chunk);
      if (told || !text.includes('\n')) return;
      told = true;
      const ids = JSON.parse(text) as string[];
      if (onReady) onReady(ids).then(kill, reject);
      else if (killAfterMs !== undefined) setTimeout(kill, killAfterMs);
    });
    child.on('error', reject);
    child.on('close', code => resolve({ ids: told ? (JSON.parse(text) as string[]) : [], code }));
  });
}

/** The process that owns a run's folder, whether it lives or not. */
export function findRunner(processes: string, executionId: string): ProcessIdentity | undefined {
  return new OwnerFiles(join(processes, executionId)).findLast()?.file?.process;
}

export const isRunnerAlive = (processes: string, executionId: string): boolean => {
  const found = findRunner(processes, executionId);
  return found !== undefined && isProcessAlive(found);
};
