import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import { createServer } from '../../src/server.ts';
import { openSqliteReader, openSqliteStore } from '../../src/sqlite.ts';
import { token } from './open-server.ts';

const executions = 100_000;
const pages = 60;

const toRecord = (key: number): ExecutionRecord => ({
  key, executionId: `01900000-0000-7000-8000-${String(key).padStart(12, '0')}`, generation: 1, flowId: `flow-${key % 7}`, flowVersion: '1', digest: 'd', input: '{}', priority: 0, idempotencyKey: null,
  parentId: null, parentStep: null, context: '{}', seq: 4, createdAt: 1_000 + key, status: 'scored', wakeAt: null, startedAt: 1_000 + key, settledAt: 1_010 + key, score: 1, passed: true, failure: null,
});
const toBatch = (rows: ExecutionRecord[]): CommitBatch => ({ definitions: [], executions: rows, progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] } });

describe('a page of a list', () => {
  it('of 100,000 executions costs at most 3 ms of CPU, the last no more than 1.5 times the first', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-list-'));
    const file = join(folder, 'x.db');
    const store = openSqliteStore({ file, durability: 'process' });
    store.acquire({ pid: process.pid, hostname: 'test', startedAt: 0, socket: null });
    for (let from = 1; from <= executions; from += 5_000) store.commit(toBatch(Array.from({ length: 5_000 }, (_value, index) => toRecord(from + index))));
    store.close();
    const reader = openSqliteReader({ file });
    // Nothing is kept: each page is read and written anew.
    const server = createServer({ reader }, { auth: { token }, cacheBytes: 1, requestsPerSecond: Number.POSITIVE_INFINITY });
    const read = async (query: string): Promise<{ items: { executionId: string }[]; next: string | null }> =>
      (await (await server.fetch(new Request(`http://localhost/api/v1/executions?${query}`, { headers: { authorization: `Bearer ${token}` } }))).json()) as never;
    const { items: [first] } = await read('order=oldest&limit=1');
    const last = `cursor=${(101).toString(36)}.${toRecord(101).executionId}`;
    expect([first?.executionId, (await read(last)).items.length, (await read(last)).next]).toEqual([toRecord(1).executionId, 100, null]);
    /** CPU of one page, ms: the least of some rounds, since others use the machine, too. */
    const measure = async (query: string): Promise<number> => {
      const rounds: number[] = [];
      for (let round = 0; round < 5; round++) {
        const begun = process.cpuUsage();
        for (let page = 0; page < pages; page++) await read(query);
        const { user, system } = process.cpuUsage(begun);
        rounds.push((user + system) / 1_000 / pages);
      }
      return Math.min(...rounds);
    };
    await measure('');
    const [newest, oldest] = [await measure(''), await measure(last)];
    console.log(`a page of 100: ${newest.toFixed(2)} ms of CPU, the last ${oldest.toFixed(2)} ms`);
    expect(newest).toBeLessThanOrEqual(3);
    expect(oldest).toBeLessThanOrEqual(1.5 * newest);
    await server.close();
    reader.close();
    rmSync(folder, { recursive: true });
  });
});
