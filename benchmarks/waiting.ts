/**
 * What waits costs what moves nothing, or little: claims beside 1,000 and 200,000 waiting messages, the first handler and all handlers
 * after the death of a process with unfinished flows, and the longest stretch that starts in one turn keep the event loop for.
 *
 * Run from the project's root: `node --conditions=flowstone-source benchmarks/waiting.ts [messages] [flows] [starts]`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '../src/index.ts';
import { createRuntime, defineFlow, defineQueue, defineTool } from '../src/index.ts';
import { openSqliteStore } from '../src/sqlite.ts';

const flow = defineFlow({ id: 'one', steps: [{ id: 'work', uses: 'tool:work' }] });
const queue = defineQueue({ name: 'jobs' });
const say = (line: string): unknown => process.stdout.write(`${line}\n`);
const open = (file: string, run: () => unknown, most = 1_024): Promise<Runtime> =>
  createRuntime({ store: openSqliteStore({ file, durability: 'process' }), flows: [flow], queues: [queue], tools: [defineTool({ name: 'work', run })], maxActiveFlows: most, maxRunningSteps: most, listen: false, retentionMs: null });

async function publish(runtime: Runtime, count: number): Promise<void> {
  for (let from = 0; from < count; from += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, count - from) }, (_, index) => ({ payload: { n: from + index }, priority: index % 5, partitionKey: `p${(from + index) % 100}` }));
    await runtime.publishMany(queue, messages);
  }
}

/** Messages handled per second by so many workers, beside those that wait: the most of three rounds. */
async function measureClaims(folder: string, waiting: number, workers: number): Promise<number> {
  const runtime = await open(join(folder, `claims-${waiting}-${workers}.db`), () => null);
  const most = 800;
  await publish(runtime, waiting + 3 * most);
  let best = 0;
  for (let round = 0; round < 3; round++) {
    let handled = 0;
    const over = Promise.withResolvers<void>();
    const begun = performance.now();
    const consumer = await runtime.consume(queue, () => void (++handled === most && over.resolve()), { concurrency: workers });
    await over.promise;
    best = Math.max(best, (1_000 * most) / (performance.now() - begun));
    await consumer.stop();
  }
  await runtime.stop({ timeoutMs: 0 });
  return best;
}

/** Has a process begin flows whose handlers do not end, and kills it. */
function leave(file: string, flows: number, messages: number): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', fileURLToPath(import.meta.url), '--leave', file, String(flows), String(messages)], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('data', () => child.kill('SIGKILL'));
  return new Promise(resolve => child.once('exit', () => resolve()));
}

async function measureRecovery(folder: string, flows: number, messages: number): Promise<void> {
  const file = join(folder, `left-${flows}-${messages}.db`);
  await leave(file, flows, messages);
  let begun = 0;
  let first = 0;
  const all = Promise.withResolvers<void>();
  const [at, cpu] = [performance.now(), process.cpuUsage()];
  const runtime = await open(file, () => {
    first ||= performance.now() - at;
    if (++begun === flows) all.resolve();
  }, flows + 1);
  const opened = performance.now() - at;
  await all.promise;
  const { user, system } = process.cpuUsage(cpu);
  say(`${flows} unfinished flows, ${messages} waiting messages: open ${opened.toFixed(0)} ms, first handler ${first.toFixed(0)} ms, all begun ${(performance.now() - at).toFixed(0)} ms, CPU ${((user + system) / 1_000).toFixed(0)} ms`);
  await runtime.stop({ timeoutMs: 0 });
}

/** The longest time between two turns of the event loop, by this process's CPU, ms. */
async function measureStretch(folder: string, starts: number): Promise<number> {
  const runtime = await open(join(folder, `starts-${starts}.db`), () => null);
  let longest = 0;
  let last = process.cpuUsage();
  let isOver = false;
  const look = (): void => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1_000);
    last = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await Promise.all(Array.from({ length: starts }, () => runtime.start('one')));
  isOver = true;
  await runtime.stop({ timeoutMs: 0 });
  return longest;
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === '--leave') {
  const [file = '', flows = '0', messages = '0'] = rest;
  const runtime = await open(file, () => new Promise(() => {}), Number(flows) + 1);
  await publish(runtime, Number(messages));
  for (let from = 0; from < Number(flows); from += 1_000) await Promise.all(Array.from({ length: Math.min(1_000, Number(flows) - from) }, () => runtime.start('one')));
  say('begun');
} else {
  const [messages = 200_000, flows = 10_000, starts = 100_000] = [mode, ...rest].filter(text => text !== undefined).map(Number);
  const folder = mkdtempSync(join(tmpdir(), 'waiting-'));
  try {
    for (const workers of [4, 20]) {
      const [few, many] = [await measureClaims(folder, 1_000, workers), await measureClaims(folder, messages, workers)];
      say(`${workers} workers: ${few.toFixed(0)} messages/s beside 1,000 waiting, ${many.toFixed(0)} beside ${messages}: ${(many / few).toFixed(2)}`);
    }
    await measureRecovery(folder, 1, 1_000);
    await measureRecovery(folder, 1, messages);
    await measureRecovery(folder, flows, 0);
    const [one, all] = [await measureStretch(folder, 1_000), await measureStretch(folder, starts)];
    say(`longest stretch: ${one.toFixed(0)} ms of CPU for 1,000 starts, ${all.toFixed(0)} for ${starts}: ${(all / one).toFixed(1)} ×`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
