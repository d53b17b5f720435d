import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { createCounter } from './kill-machine.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const readLines = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
const numbersOf = (lines: readonly string[], word: string): number[] => lines.filter(line => line.startsWith(`${word} `)).map(line => Number(line.slice(word.length + 1)));

/** Lets the worker do so much that is seen outside, then kills it. */
async function runAndKill(file: string, oracle: string, lines: number): Promise<void> {
  const before = readLines(oracle).length;
  const worker = spawn(process.execPath, [join(import.meta.dirname, 'kill-worker.ts'), file, oracle], { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise(resolve => worker.once('exit', resolve));
  while (readLines(oracle).length < before + lines && worker.exitCode === null) await new Promise(resolve => setTimeout(resolve, 2));
  worker.kill('SIGKILL');
  await gone;
}

describe('a process that is killed', () => {
  it('loses nothing it has told, and does nothing it has not stored', async () => {
    const file = join(folder, 'app.db');
    const oracle = join(folder, 'oracle.txt');
    for (const lines of [9, 61, 34]) await runAndKill(file, oracle, lines);
    const runtime = await createRuntime({ store: openSqliteStore({ file }), machines: [createCounter(line => outside.push(line))], listen: false });
    const outside: string[] = [];
    await settleTicks(100);
    const { context } = (await runtime.actor<ReturnType<typeof createCounter>>('c')).getSnapshot();
    await runtime.stop();
    const lines = [...readLines(oracle), ...outside];
    // What was told is there, and each process found what the one before had told.
    let told = 0;
    for (const line of lines) {
      const [word, number] = line.split(' ');
      if (word === 'told') told = Number(number);
      if (word === 'saw') expect(Number(number)).toBeGreaterThanOrEqual(told);
    }
    expect(context.n).toBeGreaterThanOrEqual(told);
    // Each count was noted, at least once, and none that is not stored.
    const noted = new Set(numbersOf(lines, 'noted'));
    expect([...noted].toSorted((a, b) => a - b)).toEqual(Array.from({ length: context.n }, (_, index) => index + 1));
    // One payment for every tenth, each with a key of its own, however often it ran.
    const keys = new Map<string, Set<string>>();
    for (const line of lines) {
      const [, key, amount] = /^pays (\S+) for (\d+)$/.exec(line) ?? [];
      if (key !== undefined && amount !== undefined) keys.set(amount, (keys.get(amount) ?? new Set()).add(key));
    }
    expect([...keys.values()].every(({ size }) => size === 1)).toBe(true);
    expect(context.paid).toBe(Math.floor(context.n / 10) * 10);
    expect(context.due).toBeGreaterThan(0);
  });
});
