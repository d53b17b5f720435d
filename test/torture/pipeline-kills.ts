import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from 'flowstone';
import { openSqliteReader } from '../../src/open-records.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { readOracle } from './oracle.ts';
import { makePlan, openPipeline, readTree } from './pipeline-run.ts';

export interface PipelineKillsResult {
  readonly kills: number;
  /** Handlers begun, all lives together. */
  readonly starts: number;
  /** Steps complete at each kill. */
  readonly completed: readonly number[];
  readonly files: number;
  readonly complaints: readonly string[];
}

/** Handlers that note their beginning, in one plan. */
const handlers = 59;
/** A life that takes longer, hangs. */
const stuckMs = 60_000;

/** The files of a plan that nothing interrupted. */
export async function makeReference(): Promise<string[]> {
  const outputDir = mkdtempSync(join(tmpdir(), 'flowstone-plan-'));
  const runtime = await openPipeline({ store: createMemoryStore(), outputDir }, () => {});
  try {
    await makePlan(runtime);
    // A stop waits for the last files.
    await runtime.stop();
    return readTree(outputDir);
  } finally {
    rmSync(outputDir, { recursive: true, force: true });
  }
}

/** Makes a plan in a process that is killed at random points of it, its output folder wiped each time, and compares what is there at the end. */
export async function runPipelineKills({ seed, kills: wanted }: { readonly seed: number; readonly kills: number }): Promise<PipelineKillsResult> {
  const random = createSeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-pipeline-'));
  const [database, oracle, output] = [join(folder, 'plan.db'), join(folder, 'oracle.jsonl'), join(folder, 'out')];
  const complaints: string[] = [];
  const completed: number[] = [];
  const done = new Set<string>();
  let seen = 0;
  /** Nothing that was complete when the process died may begin after. */
  const inspect = (): void => {
    const all = existsSync(oracle) ? readOracle(oracle) : [];
    for (const { stepId } of all.slice(seen)) if (done.has(stepId)) complaints.push(`${stepId} was complete, and ran again`);
    seen = all.length;
    for (const stepId of readCompleted(database)) done.add(stepId);
    completed.push(done.size);
  };
  try {
    let kills = 0;
    for (let lives = 0; lives < wanted * 4 + 4; lives++) {
      // In each life as far as brings the last kill to the end of the plan, give or take.
      const after = kills < wanted ? { handlers: Math.floor((random.next() * 3 * handlers) / wanted) + 1, ms: random.next() * 12 } : undefined;
      const end = await runLife([database, oracle, output], after);
      inspect();
      if (end !== 'killed') {
        if (end !== 'done') complaints.push(`the process did not end as it should: ${end}`);
        break;
      }
      kills++;
      rmSync(output, { recursive: true, force: true });
    }
    const expected = await makeReference();
    const found = readTree(output);
    if (found.join('\n') !== expected.join('\n')) complaints.push(describeDifference(found, expected));
    return { kills, starts: seen, completed: completed.slice(0, kills), files: found.length, complaints };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCompleted(database: string): string[] {
  if (!existsSync(database)) return [];
  const reader = openSqliteReader({ file: database });
  try {
    const [execution] = reader.listExecutions({});
    return execution ? reader.listSteps(execution.key).filter(({ status }) => status === 'completed').map(({ stepId }) => stepId) : [];
  } finally {
    reader.close();
  }
}

function describeDifference(found: readonly string[], expected: readonly string[]): string {
  const missing = expected.filter(line => !found.includes(line));
  const extra = found.filter(line => !expected.includes(line));
  return `the files differ: ${missing.length} missing or different (${missing.slice(0, 3).join(', ')}), ${extra.length} too many or different (${extra.slice(0, 3).join(', ')})`;
}

function runLife(args: readonly string[], death: { readonly handlers: number; readonly ms: number } | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=flowstone-source', new URL('pipeline-victim.ts', import.meta.url).pathname, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PLANNING_TASK_MS: '5', NODE_COMPILE_CACHE: join(tmpdir(), 'flowstone-torture-cache') },
    });
    let begun = 0;
    let complaint = '';
    let isStuck = false;
    let timer: NodeJS.Timeout | undefined;
    const kill = (): void => void child.kill('SIGKILL');
    const watchdog = setTimeout(() => {
      isStuck = true;
      kill();
    }, stuckMs);
    child.stdout.on('data', (bytes: Buffer) => {
      begun += bytes.length;
      if (death && begun >= death.handlers) timer ??= setTimeout(kill, death.ms);
    });
    child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(watchdog);
      if (isStuck) resolve(`it was not done after ${stuckMs} ms`);
      else resolve(code === 0 ? 'done' : signal === 'SIGKILL' ? 'killed' : `code ${code}, signal ${signal}: ${complaint}`);
    });
  });
}
