import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../kit/until.ts';
import { isAlive } from './is-alive.ts';

const folders: string[] = [];
const left: ChildProcess[] = [];

afterEach(() => {
  for (const child of left.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const run = (file: string, args: readonly string[], stdio: 'ignore' | 'pipe' = 'ignore', ipc = false): ChildProcess => {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', join(import.meta.dirname, file), ...args], { stdio: [stdio, 'pipe', 'inherit', ...(ipc ? ['ipc' as const] : [])] });
  left.push(child);
  return child;
};

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-orphan-'));
  folders.push(folder);
  return folder;
}

const appOf = (folder: string): string[] => ['--db', join(folder, 'app.db'), '--ledger', join(folder, 'ledger')];

describe('the process of a runtime whose parent is gone', () => {
  it('ends itself when the main process of its app was killed', async () => {
    const main = run('mortal-main.ts', [createFolder()]);
    const [line] = await once(main.stdout as NonNullable<typeof main.stdout>, 'data') as [Buffer];
    const pid = Number(String(line));
    expect(isAlive(pid)).toBe(true);
    main.kill('SIGKILL');
    await until(() => !isAlive(pid), 'it has ended');
  });

  it('ends itself when its standard input ends, and keeps its output to the protocol', async () => {
    const child = run('app-utility.ts', appOf(createFolder()), 'pipe');
    let said = '';
    child.stdout?.on('data', (text: Buffer) => (said += String(text)));
    await until(() => said.includes('ready'), 'it is ready');
    const exited = once(child, 'exit');
    child.stdin?.end();
    expect(await exited).toEqual([0, null]);
    // What its tools print goes elsewhere.
    expect(said).toBe('0 {"type":"ready"}\n');
  });

  it('ends itself when the channel to its parent closes', async () => {
    const child = run('app-utility.ts', appOf(createFolder()), 'ignore', true);
    await once(child, 'message');
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });
});
