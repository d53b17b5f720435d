import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told from another one that was given its number later. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly hostname: string;
  /** When it began, in the kernel's own count; null where the system does not say. */
  readonly began: string | null;
}

/** When a process began: the 22nd field of its stat line, which counts from behind the name in parentheses. */
function readBegan(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Whether it has ended and only waits to be collected by its parent. */
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z';
  } catch {
    return false;
  }
}

export function identifyProcess(pid: number = process.pid): ProcessIdentity {
  return { pid, hostname: hostname(), began: readBegan(pid) };
}

/** Whether it still runs. One on another machine cannot be seen from here, and counts as running. */
export function isProcessAlive({ pid, hostname: host, began }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (isZombie(pid)) return false;
  return began === null || readBegan(pid) === began;
}
