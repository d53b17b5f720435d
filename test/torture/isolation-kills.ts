import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSeededRandom } from '../../src/core/ids.ts';
import { compareTakenIn } from '../isolation/compare-taken-in.ts';
import { findRunner, isRunnerAlive, runOwner } from '../isolation/kill-owner.ts';

export interface IsolationKills {
  readonly kills: number;
  readonly processKills: number;
  readonly executions: number;
  readonly complaints: readonly string[];
}

/**
 * Kills the owner of a database again and again while it takes in what processes of static flows do; now and then such a
 * process, too, while no owner sees it. In the end everything is in the database once, as the processes wrote it.
 */
export async function runIsolationKills({ seed, flows, steps, maxKills }: { seed: number; flows: number; steps: number; maxKills: number }): Promise<IsolationKills> {
  const random = createSeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-isolation-kills-'));
  const [file, log] = [join(folder, 'a.db'), join(folder, 'log')];
  const processes = `${file}-processes`;
  const args = [file, flows, steps, log, 20];
  let kills = 0;
  let processKills = 0;
  let ids: readonly string[] = [];
  try {
    for (let code: number | null = null; kills < maxKills && code === null; ) {
      const run = await runOwner(args, random.next() * 250);
      code = run.code;
      if (run.ids.length > 0) ids = run.ids;
      if (code === null) kills++;
      const victim = random.next() < 0.25 ? ids.find(id => isRunnerAlive(processes, id)) : undefined;
      if (victim === undefined) continue;
      process.kill(findRunner(processes, victim)?.pid ?? 0, 'SIGKILL');
      processKills++;
    }
    const last = await runOwner(args, undefined);
    const complaints = last.code === 0 ? [] : [`the last owner ended with ${last.code}`];
    for (const id of last.ids) complaints.push(...(await compareTakenIn(file, processes, id)));
    const begun = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(line => line.startsWith('begin')) : [];
    const keys = new Set(begun.map(line => line.split(' ')[2]));
    if (keys.size !== flows * steps) complaints.push(`${keys.size} steps began, of ${flows * steps}`);
    // Only a step that was cut off with its process begins again.
    if (begun.length > flows * steps + processKills) complaints.push(`${begun.length} beginnings of ${flows * steps} steps, with ${processKills} processes killed`);
    return { kills, processKills, executions: last.ids.length, complaints };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
