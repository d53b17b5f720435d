import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCell } from '../../benchmarks/harness/run-cell.ts';
import type { Outcome } from '../../benchmarks/harness/run-cell.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

async function runSource(source: string, timeLimitMs = 20_000): Promise<Outcome> {
  const file = join(scratch, 'contestant.mjs');
  writeFileSync(file, source);
  const outcome = await runCell({ file, parameters: { steps: 4 }, scratch, timeLimitMs });
  expect(readdirSync(scratch)).toEqual(['contestant.mjs']);
  return outcome;
}

test('runs a contestant in a process of its own, with its parameters and a folder that is gone afterwards', async () => {
  const outcome = await runSource(`import { writeFileSync } from 'node:fs';
    export default ({ steps }, { directory }) => { console.log('noise'); writeFileSync(directory + '/x', ''); return { steps, pid: process.pid }; }`);
  expect(outcome).toMatchObject({ measured: { steps: 4 } });
  expect('measured' in outcome && outcome.measured['pid']).not.toBe(process.pid);
});

test('tells a contestant that cannot run here from one that fails', async () => {
  expect(await runSource(`export default () => { throw Object.assign(new Error('no server'), { name: 'Skipped' }); }`)).toEqual({ skipped: 'no server' });
  expect(await runSource(`export default () => { throw new Error('broken'); }`)).toMatchObject({ failed: expect.stringContaining('broken') });
  expect(await runSource('process.exit(7)')).toMatchObject({ failed: expect.stringContaining('ended with 7') });
});

test('kills a contestant that takes too long', async () => {
  expect(await runSource('export default () => new Promise(() => setInterval(() => {}, 1_000));', 1_000)).toMatchObject({ failed: expect.stringContaining('SIGKILL') });
});
