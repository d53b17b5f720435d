import { readdirSync, readFileSync } from 'node:fs';

/** Processes that a process began, and those that these began; none where the kernel does not tell, which only Linux does. */
export function listDescendants(pid: number): readonly number[] {
  const found = new Set<number>();
  const look = (parent: number): void => {
    try {
      for (const task of readdirSync(`/proc/${parent}/task`)) {
        for (const word of readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ')) {
          const child = Number(word);
          if (child <= 0 || found.has(child)) continue;
          found.add(child);
          look(child);
        }
      }
    } catch {
      // It has ended meanwhile, or there is no such folder here.
    }
  };
  look(pid);
  return [...found];
}
