import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSqliteReader } from '../../src/open-records.ts';
import { replayJournal } from '../../src/testing/replay.ts';

const victim = fileURLToPath(new URL('stepped-victim.ts', import.meta.url));
const run = promisify(execFile);

export interface Kills {
  readonly killed: number;
  readonly faults: readonly string[];
}

/** Kills a flow that is stepped, at each moment in turn, so many times in all; the next process has to come to the end that nobody disturbed. */
export async function killStepped(times: number): Promise<Kills> {
  const root = mkdtempSync(join(tmpdir(), 'flowstone-stepped-'));
  const faults: string[] = [];
  let killed = 0;
  const start = async (name: string, point: number): Promise<string | undefined> => {
    try {
      return (await run(process.execPath, ['--conditions=flowstone-source', victim, join(root, `${name}.db`), join(root, `${name}.txt`), String(point)])).stdout;
    } catch (error) {
      if ((error as { signal?: string }).signal !== 'SIGKILL') faults.push(`${name}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const lines = (name: string): string[] => readFileSync(join(root, `${name}.txt`), { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean);
  const toEnd = (text: string | undefined): string => JSON.stringify({ ...(JSON.parse(text ?? '{}') as object), moments: 0 });
  try {
    const whole = await start('whole', Number.MAX_SAFE_INTEGER);
    const clean = toEnd(whole);
    const { moments } = JSON.parse(whole ?? '{}') as { readonly moments: number };
    if (clean !== toEnd(await start('plain', 0))) faults.push('stepped to its end it comes to another end than by itself');
    for (let time = 0; time < times; time++) {
      const name = `kill-${time}`;
      if ((await start(name, 1 + (time % moments))) !== undefined) continue;
      killed++;
      const before = lines(name);
      const completed = await listCompleted(join(root, `${name}.db`));
      const reached = toEnd(await start(name, 0));
      if (reached !== clean) faults.push(`${name}: ${reached}`);
      const again = lines(name).slice(before.length).map(line => line.split(' ')[0] ?? '');
      for (const step of completed) if (again.includes(step)) faults.push(`${name}: ${step} had completed, and ran again`);
      for (const [step, keys] of Map.groupBy(lines(name), line => line.split(' ')[0])) if (new Set(keys).size > 1) faults.push(`${name}: ${step} had more than one key or attempt`);
      faults.push(...(await listMismatches(join(root, `${name}.db`))).map(what => `${name}: ${what}`));
      for (const end of ['.db', '.txt']) rmSync(join(root, `${name}${end}`), { force: true });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return { killed, faults };
}

async function listCompleted(file: string): Promise<string[]> {
  const reader = openSqliteReader({ file });
  try {
    const [record] = reader.listExecutions({});
    return record ? reader.listSteps(record.key).filter(({ status }) => status === 'completed').map(({ stepId }) => stepId) : [];
  } finally {
    reader.close();
  }
}

async function listMismatches(file: string): Promise<string[]> {
  const reader = openSqliteReader({ file });
  try {
    const [record] = reader.listExecutions({});
    const { mismatches } = await replayJournal(reader, record?.executionId ?? '');
    return mismatches.map(mismatch => JSON.stringify(mismatch));
  } finally {
    reader.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await killStepped(Number(process.argv[2] ?? 1_000));
  console.log(JSON.stringify(result, null, 2));
  process.exitCode = result.faults.length > 0 ? 1 : 0;
}
