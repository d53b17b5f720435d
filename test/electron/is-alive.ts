import { existsSync, readFileSync } from 'node:fs';

/** Whether there is a process, and not just what is left of one that nobody has asked about. */
export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined || !existsSync(`/proc/${pid}/status`)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
