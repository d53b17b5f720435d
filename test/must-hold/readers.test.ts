import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { startPoller } from '../torture/start-poller.ts';
import { createVictimTools, victimFlow } from '../torture/victim-flow.ts';

describe('eight processes on one database', () => {
  it('one that runs flows and seven that read meet no lock error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-readers-'));
    const file = join(folder, 'flows.db');
    try {
      const runtime = await createRuntime({ store: openSqliteStore({ file }), flows: [victimFlow], tools: createVictimTools(() => {}, () => {}) });
      const readers = Array.from({ length: 7 }, () => startPoller(file));
      await Promise.all(readers.map(({ ready }) => ready));
      for (let round = 0; round < 5; round++) {
        const executions = await Promise.all(Array.from({ length: 10 }, (_, value) => runtime.start('victim', { input: { value } })));
        const settled = await Promise.all(executions.map(execution => execution.settled()));
        expect(settled.every(({ passed }) => passed)).toBe(true);
      }
      const reports = await Promise.all(readers.map(reader => reader.finish()));
      expect(runtime.health().status).toBe('running');
      await runtime.stop();
      for (const { polls, seen, errors } of reports) {
        expect(errors).toEqual([]);
        expect(polls).toBeGreaterThan(3);
        expect(seen).toBeGreaterThan(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
