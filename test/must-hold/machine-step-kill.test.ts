import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteReader } from '../../src/open-records.ts';
import { openCounting } from './machine-step-worker.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-machine-steps-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const readLines = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
const countBy = (lines: readonly string[], word: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [first, id = ''] = line.split(' ');
    if (first === word) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
};

async function runAndKill(file: string, oracle: string, lines: number): Promise<void> {
  const before = readLines(oracle).length;
  const worker = spawn(process.execPath, [join(import.meta.dirname, 'machine-step-worker.ts'), file, oracle], { stdio: ['ignore', 'ignore', 'inherit'] });
  const gone = new Promise(resolve => worker.once('exit', resolve));
  while (readLines(oracle).length < before + lines && worker.exitCode === null) await new Promise(resolve => setTimeout(resolve, 1));
  worker.kill('SIGKILL');
  await gone;
}

describe('a process that is killed while steps are machines', () => {
  it('loses no signal that it took, and takes the output of each machine exactly once', async () => {
    const file = join(folder, 'app.db');
    const oracle = join(folder, 'oracle.txt');
    for (const lines of [25, 62]) await runAndKill(file, oracle, lines);
    const told = readLines(oracle);
    const { runtime } = await openCounting(file, oracle);
    const started = countBy(told, 'started');
    expect(started.size).toBeGreaterThan(8);
    for (const executionId of started.keys()) {
      const sent = countBy(told, 'sent').get(executionId) ?? 0;
      const actorId = `flow:${executionId}.count`;
      const execution = await (await runtime.get(executionId)).get();
      if (execution.steps[0]?.status === 'waiting') {
        const { count } = (await runtime.actor(actorId)).getSnapshot().context as { count: number };
        // The one that was under way when the process was killed may have been taken without having been told.
        expect([sent, sent + 1, 3]).toContain(count);
        for (let n = count; n < 3; n++) await runtime.signal(executionId, 'more');
      }
      expect(await runtime.settled(executionId)).toMatchObject({ status: 'scored', score: 1, steps: [{ output: 3 }, {}] });
    }
    await runtime.stop();
    // The step after the machine ran for each, with what it counted.
    const noted = readLines(oracle).filter(line => line.startsWith('noted '));
    expect(new Set(noted)).toEqual(new Set([...started.keys()].map(id => `noted ${id} 3`).concat(noted.filter(line => !started.has(line.split(' ')[1] ?? '')))));
    const reader = openSqliteReader({ file });
    for (const executionId of started.keys()) {
      const record = await reader.getExecution(executionId);
      const attempts = (await reader.listAttempts(record?.key ?? 0)).filter(({ position }) => position === 0);
      expect(attempts).toMatchObject([{ status: 'completed', output: '3' }]);
      expect(await reader.actors?.getActor(`flow:${executionId}.count`)).toMatchObject({ status: 'done', wakeAt: null });
    }
    reader.close();
  });
});
