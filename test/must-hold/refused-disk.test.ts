import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const limited = new URL('../torture/limited.ts', import.meta.url).pathname;

interface Told {
  readonly answered: readonly string[];
  readonly settled: readonly string[];
  readonly refusal: string;
  readonly status: string;
  readonly code: string;
  readonly details: { readonly sqliteCode: string };
  readonly begunLater: number;
}

// The limit is the operating system's own: only where a shell can set it.
describe.skipIf(process.platform === 'win32')('a disk that takes no more', () => {
  it('stops the runtime with the reason; all that was answered is stored, and a successor goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-limit-'));
    const file = join(folder, 'flows.db');
    try {
      const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 1000; exec "$0" "$@"', process.execPath, '--conditions=flowstone-source', limited, file]);
      const told = JSON.parse(stdout) as Told;
      expect(told).toMatchObject({ status: 'faulted', code: 'commit_failed', begunLater: 0 });
      expect(told.details.sqliteCode).toMatch(/^SQLITE_(FULL|IOERR)/);
      expect(told.refusal).toMatch(/^(commit_failed|runtime_faulted)$/);
      expect(told.settled.length).toBeGreaterThan(5);

      const reader = openSqliteReader({ file });
      for (const id of told.answered) expect(reader.getExecution(id)?.executionId).toBe(id);
      for (const id of told.settled) expect(reader.getExecution(id)?.status).toBe('scored');
      await expectSound(reader);
      reader.close();

      const store = openSqliteStore({ file });
      const { runtime } = await openRuntime({ id: 'fill', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] }, { work: () => 1 }, { store });
      for (const id of told.answered) expect((await runtime.settled(id)).passed).toBe(true);
      await expectSound(store);
      await runtime.stop();
      const database = new Database(file, { readonly: true });
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      database.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
