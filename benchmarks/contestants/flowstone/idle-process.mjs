/** `idle-process.mjs FILE SECONDS`: opens a runtime, waits, and prints the memory and processor time it used. */
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import sleepingFlow from './sleeping-flow.json' with { type: 'json' };

const [file, seconds] = process.argv.slice(2);
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

const begun = performance.now();
const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }),
  flows: [defineFlow(sleepingFlow)],
  tools: [defineTool({ name: 'woken', run: () => null })],
});
const openMs = performance.now() - begun;
await wait(500);
const before = process.cpuUsage();
const from = performance.now();
await wait(Number(seconds) * 1_000);
const { user, system } = process.cpuUsage(before);
const cpuPercent = ((user + system) / 1_000 / (performance.now() - from)) * 100;
console.log(JSON.stringify({ rssMb: process.memoryUsage().rss / 2 ** 20, cpuPercent, openMs }));
await runtime.stop();
process.exit(0);
