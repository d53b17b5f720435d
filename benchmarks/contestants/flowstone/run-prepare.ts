import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('prepare-sleeping.ts', import.meta.url));

/** Fills a database with sleeping flows in a process of its own, so that the measured one's memory is only its own. */
export function prepareSleeping(file: string, count: number): void {
  execFileSync(process.execPath, [script, file, String(count)], { stdio: ['ignore', 'ignore', 'inherit'] });
}
