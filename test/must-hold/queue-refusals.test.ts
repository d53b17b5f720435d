import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';

const script = new URL('../torture/limited-queue.ts', import.meta.url).pathname;
const jobs = defineQueue({ name: 'jobs' });

describe('a publisher', () => {
  it('whose database is closed under it is told, and what it was answered is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-closed-'));
    const file = join(folder, 'jobs.db');
    try {
      const store = openSqliteStore({ file, durability: 'process' });
      const runtime = await createRuntime({ store, queues: [jobs] });
      const { messageId } = await runtime.publish(jobs, 1);
      store.close();
      await expect(runtime.publish(jobs, 2)).rejects.toMatchObject({ code: 'store_closed' });
      await expect(runtime.publish(jobs, 3)).rejects.toMatchObject({ code: 'runtime_faulted' });
      await runtime.stop();
      const reader = openSqliteReader({ file });
      expect(reader.getMessage(messageId)).toMatchObject({ status: 'pending', payload: '1' });
      expect(reader.countMessages()).toMatchObject([{ count: 1 }]);
      reader.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  // The limit is the operating system's own: only where a shell can set it.
  it.skipIf(process.platform === 'win32')('whose disk is full is told; all that was answered is there, and handled later', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-full-'));
    const file = join(folder, 'jobs.db');
    try {
      const { stdout } = await promisify(execFile)('bash', ['-c', 'ulimit -f 600; exec "$0" "$@"', process.execPath, '--conditions=flowstone-source', script, file]);
      const { published, acknowledged, code } = JSON.parse(stdout) as { published: string[]; acknowledged: number; code: string };
      expect(code).toMatch(/^(commit_failed|runtime_faulted)$/);
      expect(published.length).toBeGreaterThan(5);
      expect(acknowledged).toBeGreaterThan(0);
      const runtime = await createRuntime({ store: openSqliteStore({ file }), queues: [jobs] });
      for (const messageId of published) expect((await runtime.queues.get(messageId)).messageId).toBe(messageId);
      await runtime.consume(jobs, () => {}, { concurrency: 10 });
      let open = Number.POSITIVE_INFINITY;
      for (let turn = 0; turn < 5_000 && open > 0; turn++) {
        await new Promise(resolve => setImmediate(resolve));
        open = (await runtime.queues.stats('jobs'))[0]?.depth ?? 0;
      }
      expect(open).toBe(0);
      await runtime.stop();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
