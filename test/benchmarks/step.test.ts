import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measureStep } from '../../benchmarks/harness/measure-step.ts';
import { parseOptions } from '../../benchmarks/harness/options.ts';
import { planRun } from '../../benchmarks/harness/plan.ts';
import { holdLog, readCommits, readPageOwners } from '../../benchmarks/harness/read-log.ts';
import type { Row } from '../../benchmarks/harness/report.ts';
import { renderTrial } from '../../benchmarks/harness/report.ts';
import { trials } from '../../benchmarks/trials/all.ts';
import { step } from '../../benchmarks/trials/step.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'bench-step-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A database with a table that has an index, and one beside it. */
function open(file: string): { insert(table: 'journal' | 'other', value: string): void; transaction(work: () => void): void; close(): void } {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.exec('CREATE TABLE IF NOT EXISTS journal (value TEXT); CREATE INDEX IF NOT EXISTS by_value ON journal (value); CREATE TABLE IF NOT EXISTS other (value TEXT)');
  return {
    insert: (table, value) => void database.prepare(`INSERT INTO ${table} VALUES (?)`).run(value),
    transaction: work => database.transaction(work)(),
    close: () => void database.close(),
  };
}

test('counts the pages of each commit, and whose they are', () => {
  const file = join(folder, 'a.db');
  const database = open(file);
  database.insert('journal', 'before');
  const log = holdLog(file);
  database.insert('other', 'x');
  database.insert('journal', 'y');
  database.transaction(() => {
    database.insert('journal', 'z');
    database.insert('other', 'z');
  });
  const commits = readCommits(file);
  const owners = readPageOwners(file);
  log.release();
  database.close();
  expect(commits.map(pages => pages.map(page => owners.get(page)).toSorted())).toEqual([['other'], ['journal', 'journal'], ['journal', 'journal', 'other']]);
});

test('keeps every frame of the log, also when more is written than a checkpoint waits for', () => {
  const file = join(folder, 'a.db');
  const database = open(file);
  database.insert('other', 'before');
  for (let row = 0; row < 1_500; row++) database.insert('other', 'x'.repeat(3_000));
  const log = holdLog(file);
  for (let row = 0; row < 1_500; row++) database.insert('other', 'x'.repeat(3_000));
  expect(readCommits(file)).toHaveLength(1_500);
  log.release();
  database.close();
});

test('measures CPU until the end, bytes, pages and the commits of the journal alone', async () => {
  let stopped = 0;
  const measured = await measureStep((file, steps) => {
    const database = open(file);
    return {
      run(flows) {
        for (let flow = 0; flow < flows * steps; flow++) database.insert('journal', 'x'.repeat(100));
      },
      stop() {
        // What is put off until the end counts.
        for (const { user } = process.cpuUsage(); process.cpuUsage().user - user < 20_000; );
        stopped++;
        database.close();
      },
    };
  }, { steps: 4, flows: 8, counted: 16 }, folder);
  expect(stopped).toBe(4);
  expect(measured['cpuUsPerStep']).toBeGreaterThan(20_000 / (8 * 4));
  expect(measured['journalOnlyPercent']).toBe(100);
  expect(measured['pagesPerCommit']).toBeGreaterThanOrEqual(2);
  expect(measured['pagesPerCommit']).toBeLessThan(4);
  expect(measured['bytesPerStep']).toBeGreaterThan(100);
});

test('a packed release takes part only when one is given', () => {
  const { trials: onlyTrials, against } = parseOptions(['step', '--against', 'some.tgz']);
  expect([onlyTrials, against]).toEqual([['step'], 'some.tgz']);
  const plan = { trials, size: 'quick', field: 'own', onlyTrials, onlyContestants: [], onlyCases: [] } as const;
  expect(planRun({ ...plan, against: true })[0]?.contestants.map(({ name }) => name)).toEqual(['flowstone', 'against', 'fixed']);
  expect(planRun(plan)[0]?.contestants.map(({ name }) => name)).toEqual(['flowstone', 'fixed']);
});

test('compares the least of the rounds, and says how many times the others it is', () => {
  const row = (contestant: string, ...costs: number[]): Row => ({ trial: 'step', case: 'chain of 4', contestant, outcomes: costs.map(cpuUsPerStep => ({ measured: { cpuUsPerStep } })) });
  const text = renderTrial(step, [row('flowstone', 30, 10, 90), row('against', 40, 41, 42), row('fixed', 5, 50, 60)]);
  expect(text).toContain('- chain of 4, least of the rounds: 2.00 × the fixed workload, 0.25 × the package it is held against');
  expect(text).toMatch(/\| against \| 41\.0 \(40\.0–42\.0\) \| 4\.00 \|/);
  expect(renderTrial(step, [row('flowstone', 30)])).not.toContain('least of the rounds:');
});
