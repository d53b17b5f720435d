/**
 * The way of one event: files and functions, named and anonymous, that run between one call and the end of all that follows from
 * it, by V8's precise coverage over the sources. `--list`: each file with the functions that ran, and how often.
 *
 * Run from the project's root: `node --conditions=flowstone-source benchmarks/way.ts [--list]`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setup } from 'xstate';
import { createRuntime, defineFlow, defineQueue, defineTool, loadFlow } from '../src/index.ts';
import { openSqliteStore } from '../src/sqlite.ts';

const root = pathToFileURL(resolve(import.meta.dirname, '..')).href;
const isListed = process.argv.includes('--list');
const folder = mkdtempSync(join(tmpdir(), 'way-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** What the event leads to is over long before. */
const rest = (): Promise<void> => wait(80);

function describe({ functionName, ranges: [range] }: Profiler.FunctionCoverage, source: string): string {
  const name = functionName || source.slice(range?.startOffset ?? 0, (range?.startOffset ?? 0) + 24).replaceAll(/\s+/g, ' ');
  return range && range.count > 1 ? `${name} ×${range.count}` : name;
}

async function measure(name: string, act: () => Promise<unknown>): Promise<void> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await act();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const lines: string[] = [];
  let count = 0;
  for (const { url, functions } of result) {
    const path = url.startsWith(root) ? decodeURIComponent(url.slice(root.length + 1)) : '';
    const ran = functions.filter(({ ranges: [range] }) => range !== undefined && range.count > 0);
    if (!/^(src|machines|persistence)\//.test(path) || ran.length === 0) continue;
    const source = readFileSync(fileURLToPath(url), 'utf8');
    count += ran.length;
    lines.push(`  ${path} ${ran.length}: ${ran.map(one => describe(one, source)).join(', ')}`);
  }
  process.stdout.write(`${name}: ${lines.length} files, ${count} functions\n${isListed ? `${lines.toSorted().join('\n')}\n` : ''}`);
}

const work = defineTool({ name: 'work', run: () => ({ ok: true }) });
const flow = defineFlow({ id: 'f', steps: [{ id: 'w', uses: 'signal', with: { name: 'go' } }, { id: 'a', uses: 'tool:work', depends_on: ['w'] }] });
const machine = setup({}).createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { go: 'a' } } } });
const queue = defineQueue({ name: 'jobs' });
const open = (name: string) => openSqliteStore({ file: join(folder, name), durability: 'process' });

let handled: (() => void) | undefined;
const runtime = await createRuntime({ store: open('a.db'), tools: [work], listen: false, flows: [flow], queues: [queue], machines: [machine] });
const execution = await runtime.start('f');
const actor = await runtime.spawn(machine, { id: 'one' });
await runtime.consume(queue, () => handled?.());
await rest();
await measure('a signal, to the end of a flow of two steps', async () => {
  await execution.signal('go');
  await execution.settled();
});
writeFileSync(join(folder, 'y.yml'), "id: y\nsteps:\n  - { id: a, uses: 'tool:work', with: { x: '{% input.x %}' } }\n");
await measure('a flow of one step, from YAML and a new database', async () => {
  const other = await createRuntime({ store: open('b.db'), tools: [work], listen: false, flows: [await loadFlow(join(folder, 'y.yml'))] });
  await (await other.start('y', { input: { x: 1 } })).settled();
  await other.stop({ timeoutMs: 0 });
});
await measure('a message, published and handled', async () => {
  const done = new Promise<void>(end => (handled = end));
  await runtime.publish(queue, { n: 1 });
  await done;
  await rest();
});
await measure('an event for an actor', async () => {
  await actor.send({ type: 'go' });
  await rest();
});
await runtime.stop({ timeoutMs: 0 });
