import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { catchError } from '../conformance/commit.ts';
import { makeBatch, makeExecution, owner } from '../conformance/fixtures.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();
const scripts = {
  owner: new URL('children/owner.ts', import.meta.url),
  reader: new URL('children/reader.ts', import.meta.url),
  opener: new URL('children/opener.ts', import.meta.url),
};
const children = new Set<ChildProcess>();

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

interface Child {
  readonly process: ChildProcess;
  /** Resolves with the first line that begins so; rejects with what the child said when it ends before. */
  line(beginning: string): Promise<string>;
  /** Resolves when it has ended by itself, well; with its last line. */
  ended(): Promise<string>;
  kill(): Promise<void>;
}

function start(name: keyof typeof scripts, ...args: string[]): Child {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(scripts[name]), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let output = '';
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    child.emit('said');
  });
  // Not at its exit: what it said last may come after that.
  let isOver = false;
  const exited = once(child, 'close').finally(() => (isOver = true));
  const findLine = (beginning: string): string | undefined => output.split('\n').slice(0, -1).find(line => line.startsWith(beginning));
  return {
    process: child,
    async line(beginning) {
      for (;;) {
        const found = findLine(beginning);
        if (found !== undefined) return found;
        if (isOver) throw new Error(`${name} ended: ${errors}`);
        await Promise.race([once(child, 'said'), exited]);
      }
    },
    async ended() {
      const [code] = (await exited) as [number];
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${errors}`);
      return output.trim().split('\n').at(-1) ?? '';
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const acquireElsewhere = async (file: string): Promise<{ [key: string]: unknown }> => JSON.parse(await start('opener', file, 'acquire').ended()) as { [key: string]: unknown };

describe('several processes on one file', () => {
  it('read while one writes, and none meets a lock', async () => {
    const file = toFile();
    openSqliteStore({ file }).close();
    const writer = start('owner', file, '1000000');
    await writer.line('owned');
    const readers = Array.from({ length: 7 }, () => start('reader', file, '200'));
    for (const line of await Promise.all(readers.map(reader => reader.ended()))) expect(line).toMatch(/^read \d+$/);
    expect(writer.process.exitCode).toBeNull();
    await writer.kill();
  });

  it.each(['better-sqlite3', 'node:sqlite'] as const)('find what a killed owner had committed, and nobody who owns it, with %s', async driver => {
    const file = toFile();
    const writer = start('owner', file, '20', driver);
    await writer.line('written 20');
    const reader = openSqliteReader({ file, driver });
    expect(reader.getOwner()).toEqual({ ...owner, pid: writer.process.pid });
    await writer.kill();
    expect(reader.getOwner()).toBeUndefined();
    const { seq = 0 } = reader.getExecution('execution-1') ?? {};
    expect(seq).toBeGreaterThanOrEqual(20);
    expect(reader.listSteps(1)).toHaveLength(seq);
    reader.close();
    const again = openSqliteReader({ file, driver });
    // A commit that was in the log, and not in its index yet, is seen by whoever opens the file anew.
    expect(again.getExecution('execution-1')?.seq).toBeGreaterThanOrEqual(seq);
    again.close();
  });

  it('hand the ownership over at once when the owner is killed', async () => {
    const file = toFile();
    for (let round = 0; round < 2; round++) {
      const store = openSqliteStore({ file });
      const writer = start('owner', file, '1');
      await writer.line('written 1');
      const error = await catchError(() => store.acquire({ ...owner, pid: process.pid }));
      expect(error).toMatchObject({ code: 'store_owned', details: { owner: { pid: writer.process.pid } } });
      await writer.kill();
      // It waits a tenth of a second for a lock and no longer: that it gets this one says that it was free.
      store.acquire({ ...owner, pid: process.pid });
      store.commit(makeBatch({ executions: [makeExecution(1, { seq: 999_999 })] }));
      expect(await acquireElsewhere(file)).toMatchObject({ code: 'store_owned', details: { owner: { pid: process.pid } } });
      store.close();
    }
    expect(await acquireElsewhere(file)).toMatchObject({ acquired: true });
  });

  it('are refused while this process owns it, whatever else this process opens and closes', async () => {
    const file = toFile();
    const store = openSqliteStore({ file });
    store.acquire({ ...owner, pid: process.pid });
    for (let round = 0; round < 3; round++) {
      const reader = openSqliteReader({ file });
      expect(reader.getOwner()).toEqual({ ...owner, pid: process.pid });
      reader.close();
      const second = openSqliteStore({ file });
      expect(await catchError(() => second.acquire({ ...owner, pid: 1 }))).toMatchObject({ code: 'store_owned' });
      second.close();
    }
    globalThis.gc?.();
    const refused = await acquireElsewhere(file);
    expect(refused['code']).toBe('store_owned');
    expect(refused['message']).toContain(`process ${process.pid} on host`);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
  });

  it('make the same file at once without harm', async () => {
    const file = toFile();
    const lines = await Promise.all(Array.from({ length: 6 }, () => start('opener', file).ended()));
    expect(lines).toEqual(Array.from({ length: 6 }, () => '{"opened":true}'));
    const store = openSqliteStore({ file });
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
  });

  it('agree on one owner when all want it at once', async () => {
    const file = toFile();
    openSqliteStore({ file }).close();
    const owners = Array.from({ length: 4 }, () => start('owner', file, '5'));
    const results = await Promise.allSettled(owners.map(child => child.line('owned')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(String(result.reason)).toContain('store_owned');
  });
});
