import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import type { Runtime } from 'flowstone';
import { openSqliteStore } from '../../src/open-records.ts';

const mega = 1_000_000;
const chunkBytes = 40_000;

async function* stream(bytes: number, seed: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= chunkBytes) yield new Uint8Array(Math.min(left, chunkBytes)).fill((seed + left) % 251);
}

/** What is held on to: without what nobody does. */
function measureUsed(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const flow = defineFlow({ id: 'documents', steps: [{ id: 'write', uses: 'tool:write', with: '{% input %}' }] });

interface Wanted {
  readonly count: number;
  readonly bytes: number;
}

async function withRuntime<Result>(work: (runtime: Runtime, most: () => number) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-documents-'));
  let most = 0;
  const write = defineTool({
    name: 'write',
    async run({ input, artifact }) {
      const { count, bytes } = input as Wanted;
      for (let number = 0; number < count; number++) {
        await artifact(`${String(number).padStart(4, '0')}.bin`, stream(bytes, number));
        if (number % 20 === 0) most = Math.max(most, measureUsed());
      }
      return null;
    },
  });
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder, 'app.db') }), tools: [write], flows: [flow], listen: false, sizeBudgetBytes: 64 * 1_024 ** 3 });
  try {
    return await work(runtime, () => most);
  } finally {
    await runtime.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function make(runtime: Runtime, wanted: Wanted): Promise<string> {
  const execution = await runtime.start('documents', { input: wanted });
  if (!(await execution.settled()).passed) throw new Error('The documents were not made');
  return execution.executionId;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export interface LargeDocuments {
  /** Most that was in use while they were made, above what was in use before, bytes. */
  readonly growth: number;
  readonly listMs: number;
  /** Reading one of them. */
  readonly readMs: number;
}

/** Streams so many documents of 1 MB into one execution. */
export function makeLargeDocuments(count: number): Promise<LargeDocuments> {
  return withRuntime(async (runtime, most) => {
    await make(runtime, { count: 5, bytes: mega });
    const before = measureUsed();
    const executionId = await make(runtime, { count, bytes: mega });
    const growth = Math.max(0, most() - before);
    const listMs = await time(async () => {
      const found = await runtime.artifacts.list(executionId, { limit: count });
      if (found.length !== count || found.some(({ size }) => size !== mega)) throw new Error(`Expected ${count} documents of 1 MB, got ${found.length}`);
    });
    const readMs = await time(async () => (await runtime.artifacts.get(executionId, '0003.bin')).bytes());
    return { growth, listMs, readMs };
  });
}

/** Makes so many plans of 7.6 MB, then lists and opens them; ms. */
export function makePlans(plans: number): Promise<{ readonly listMs: number; readonly openMs: number; readonly artifactsMs: number }> {
  return withRuntime(async runtime => {
    const ids: string[] = [];
    for (let plan = 0; plan < plans; plan++) ids.push(await make(runtime, { count: 109, bytes: 70_000 }));
    const listMs = await time(async () => {
      if ((await runtime.list({ limit: plans })).length !== plans) throw new Error('Not every plan is listed');
    });
    let openMs = 0;
    let artifactsMs = 0;
    for (const id of ids) {
      openMs = Math.max(openMs, await time(async () => (await runtime.get(id)).get()));
      artifactsMs = Math.max(artifactsMs, await time(async () => runtime.artifacts.list(id)));
    }
    return { listMs, openMs, artifactsMs };
  });
}
