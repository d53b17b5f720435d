import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'flowstone-waiting-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = join(import.meta.dirname, 'waiting-messages-program.ts');

/** Runs one life of the program; with `kills` it is killed as soon as it has said something. */
async function run(args: readonly (string | number)[], kills = false): Promise<Record<string, number>> {
  const child = spawn(process.execPath, ['--expose-gc', '--conditions=flowstone-source', program, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let said = '{}';
  for await (const line of createInterface({ input: child.stdout })) {
    said = line;
    if (kills) child.kill('SIGKILL');
  }
  await ended;
  return JSON.parse(said) as Record<string, number>;
}

/** The least of a few lives: what a machine that is busy adds does not count. */
async function runOften(times: number, args: () => readonly (string | number)[]): Promise<Record<string, number>> {
  const runs: Record<string, number>[] = [];
  for (let count = 0; count < times; count++) runs.push(await run(args()));
  return Object.fromEntries(Object.keys(runs[0] ?? {}).map(key => [key, Math.min(...runs.map(one => one[key] ?? 0))]));
}

const [few, many] = [1_000, 200_000];
const fileOf = (count: number): string => join(folder, `${count}.db`);

describe('messages that wait', () => {
  it('cost a start nothing: a flow that was cut off goes on as soon with 200,000 of them, in as much memory', async () => {
    for (const count of [few, many]) {
      await run(['fill', fileOf(count), count]);
      await run(['work', fileOf(count)], true);
    }
    const [less, more] = [await runOften(3, () => ['resume', fileOf(few)]), await runOften(3, () => ['resume', fileOf(many)])];
    expect(more['cpuMs']).toBeLessThanOrEqual(1.5 * (less['cpuMs'] ?? 0) + 100);
    expect(more['heap']).toBeLessThanOrEqual((less['heap'] ?? 0) + 10 * 1_024 * 1_024);
  });
});
