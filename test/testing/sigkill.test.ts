import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteReader } from '../../src/open-records.ts';
import { replayJournal } from '../../src/testing/replay.ts';

const victim = fileURLToPath(new URL('victim.ts', import.meta.url));
const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'flowstone-sigkill-'));

interface End {
  readonly commits: number;
  readonly status: string;
}

async function runVictim(name: string, commit = 0, point = 'before'): Promise<{ end?: End; signal?: string; oracle: string[] }> {
  const oracle = join(root, `${name}.txt`);
  const read = (): string[] => readFileSync(oracle, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean);
  try {
    const { stdout } = await run(process.execPath, [victim, join(root, `${name}.db`), oracle, String(commit), point]);
    return { end: JSON.parse(stdout) as End, oracle: read() };
  } catch (error) {
    return { signal: (error as { signal: string }).signal, oracle: read() };
  }
}

describe('a process that is really killed', () => {
  let clean: End;

  beforeAll(async () => {
    const { end, oracle } = await runVictim('clean');
    clean = end as End;
    expect(oracle).toHaveLength(4);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(['before', 'after'])('%s a commit leaves the next one to come to the same end, with no completed step run again', async point => {
    for (const commit of [1, 2, clean.commits]) {
      const name = `${point}-${commit}`;
      const killed = await runVictim(name, commit, point);
      expect(killed.signal).toBe('SIGKILL');
      const completed = await listCompleted(name);
      const next = await runVictim(name);
      expect(next.end).toEqual({ ...clean, commits: expect.any(Number) as number });
      const again = next.oracle.slice(killed.oracle.length).map(line => line.split(' ')[0]);
      expect(again.filter(step => completed.includes(step as string))).toEqual([]);
      const keys = Map.groupBy(next.oracle, line => line.split(' ')[0]);
      for (const lines of keys.values()) expect(new Set(lines.map(line => line.split(' ').slice(1).join(' '))).size).toBe(1);
      const reader = openSqliteReader({ file: join(root, `${name}.db`) });
      const [record] = await reader.listExecutions({});
      expect((await replayJournal(reader, record?.executionId ?? '')).mismatches).toEqual([]);
      reader.close();
    }
  });
});

/** Steps whose completion is on disk, as the dead process left it. */
async function listCompleted(name: string): Promise<string[]> {
  const reader = openSqliteReader({ file: join(root, `${name}.db`) });
  const [record] = await reader.listExecutions({});
  const rows = record ? await reader.listSteps(record.key) : [];
  reader.close();
  return rows.filter(({ status }) => status === 'completed').map(({ stepId }) => stepId);
}
