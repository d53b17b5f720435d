import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'flowstone-size-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const chain = (length: number): FlowSource => ({
  id: 'chain',
  steps: Array.from({ length }, (_, index) => ({ id: `step_${index}`, uses: 'tool:work', ...(index > 0 && { depends_on: [`step_${index - 1}`] }) })),
});

const wide = (length: number): FlowSource => ({ id: 'wide', steps: Array.from({ length }, (_, index) => ({ id: `step_${index}`, uses: 'tool:work' })) });

/** Bytes of the database file once everything in its log is in it. */
function measure(file: string): number {
  const database = new Database(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(file).size;
}

/** How much the file grows from one run to the next, on average over so many. */
async function growth(flow: FlowSource, output: unknown, runs: number): Promise<number> {
  const file = join(folder, `${flow.id}.db`);
  const run = async (times: number): Promise<number> => {
    const { runtime } = await openRuntime(flow, { work: () => output }, { store: openSqliteStore({ file }) });
    for (let time = 0; time < times; time++) expect((await (await runtime.start(flow.id)).settled()).passed).toBe(true);
    await runtime.stop();
    return measure(file);
  };
  const before = await run(1);
  return ((await run(runs)) - before) / runs;
}

describe('the database file', () => {
  it.each([chain(200), wide(200)])('grows by at most 4 times the data of a further 200-step flow ($id)', async flow => {
    const text = 'x'.repeat(200 - '{"text":""}'.length);
    const grown = await growth(flow, { text }, 1);
    expect(grown).toBeGreaterThan(40_000);
    expect(grown).toBeLessThanOrEqual(4 * 40_000);
  });

  it.each([chain(200), wide(200)])('keeps a trivial step ($id), history included, in 500 bytes', async flow => {
    const grown = (await growth(flow, null, 3)) / 200;
    expect(grown).toBeGreaterThan(50);
    expect(grown).toBeLessThanOrEqual(500);
  });
});
