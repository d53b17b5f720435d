import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../persistence/sqlite/open-sqlite-store.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createVictimTools, victimFlow } from '../torture/victim-flow.ts';

const poller = new URL('../torture/poller.ts', import.meta.url).pathname;

interface Report {
  readonly polls: number;
  readonly seen: number;
  readonly errors: readonly string[];
}

/** A process that reads until its standard input ends, then says what it met. */
function startReader(file: string, folder: string): { ready: Promise<void>; report: () => Promise<Report> } {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', poller, file], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_COMPILE_CACHE: join(folder, '..', 'flowstone-torture-cache') } });
  let text = '';
  const closed = new Promise<void>(resolve => child.on('close', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('ready')) resolve();
    });
    child.on('close', code => reject(new Error(`The reader ended with code ${code}`)));
  });
  return {
    ready,
    async report() {
      child.stdin.end();
      await closed;
      return JSON.parse(text.slice(text.indexOf('{'))) as Report;
    },
  };
}

describe('eight processes on one database', () => {
  it('one that runs flows and seven that read meet no lock error', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-readers-'));
    const file = join(folder, 'flows.db');
    try {
      const runtime = await createRuntime({ store: openSqliteStore({ file }), flows: [victimFlow], tools: createVictimTools(() => {}, () => {}) });
      const readers = Array.from({ length: 7 }, () => startReader(file, folder));
      await Promise.all(readers.map(({ ready }) => ready));
      for (let round = 0; round < 10; round++) {
        const executions = await Promise.all(Array.from({ length: 10 }, (_, value) => runtime.start('victim', { input: { value } })));
        const settled = await Promise.all(executions.map(execution => execution.settled()));
        expect(settled.every(({ passed }) => passed)).toBe(true);
      }
      const reports = await Promise.all(readers.map(reader => reader.report()));
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
