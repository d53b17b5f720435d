import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Durability } from 'flowstone/sqlite';

/** One thing that a process did to a file, as it ended. */
export interface Operation {
  readonly kind: 'write' | 'sync' | 'truncate' | 'remove';
  /** Name of the file, without its folder. */
  readonly name: string;
  /** Of a write; the new length of what is cut. */
  readonly offset: number;
  readonly bytes: Buffer | undefined;
}

/** Makes the library that records; undefined where there is no C compiler, or no way to preload one. */
export function buildShim(folder: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = join(folder, 'shim.so');
  const { error, status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, join(import.meta.dirname, 'shim.c'), '-lpthread'], { encoding: 'utf8' });
  if (error) return undefined;
  if (status !== 0) throw new Error(`shim.c does not compile: ${stderr}`);
  return library;
}

/** Runs the process with the library and gives everything it did below its folder, in order. */
export function recordProcess(shim: string, folder: string, durability: Durability, flows: number): Operation[] {
  mkdirSync(folder, { recursive: true });
  const log = `${folder}.log`;
  const env = { ...process.env, LD_PRELOAD: shim, RECORD_FOLDER: folder, RECORD_LOG: log };
  try {
    execFileSync(process.execPath, ['--conditions=flowstone-source', join(import.meta.dirname, 'recorded-process.ts'), folder, durability, String(flows)], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if ((error as { signal?: string }).signal !== 'SIGKILL') throw new Error(`The recorded process failed: ${String((error as { stderr?: Buffer }).stderr)}`, { cause: error });
  }
  return parseLog(readFileSync(log));
}

function parseLog(log: Buffer): Operation[] {
  const operations: Operation[] = [];
  for (let position = 0; position < log.length; ) {
    const end = log.indexOf(10, position);
    const [kind, offset, length, ...path] = log.toString('utf8', position, end).split(' ');
    position = end + 1;
    const bytes = kind === 'write' ? log.subarray(position, position + Number(length)) : undefined;
    if (bytes) position += bytes.length + 1;
    operations.push({ kind: kind as Operation['kind'], name: basename(path.join(' ')), offset: Number(offset), bytes });
  }
  return operations;
}
