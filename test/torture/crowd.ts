import { createRuntime, defineFlow, defineTool, SimulatedClock } from 'flowstone';
import { openSqliteStore } from '../../src/open-records.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Starts so many at a time until all have been started. */
async function startInBatches(total: number, start: (number: number) => Promise<unknown>, size = 1_000): Promise<void> {
  for (let next = 0; next < total; next += size) {
    await Promise.all(Array.from({ length: Math.min(size, total - next) }, (_, offset) => start(next + offset)));
  }
}

function measureMemory(): { readonly heap: number; readonly rss: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

export interface SleepersResult {
  readonly flows: number;
  readonly activeWhileAsleep: number;
  /** Heap that the sleeping flows cost, bytes per flow. */
  readonly heapPerSleeper: number;
  /** Largest heap while they were woken, above that before, bytes. */
  readonly heapWhileWaking: number;
  readonly peakActive: number;
  readonly passed: number;
  readonly startMs: number;
  readonly wakeMs: number;
}

/** Starts flows that sleep, lets all of them be due at the same time, and waits until the last has settled. */
export async function runSleepers(flows: number, maxActiveFlows = 1_024): Promise<SleepersResult> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-crowd-'));
  try {
    const clock = new SimulatedClock();
    const store = openSqliteStore({ file: join(folder, 'flows.db'), durability: 'process' });
    const flow = defineFlow({ id: 'sleeper', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }, { id: 'after', uses: 'tool:after', depends_on: ['nap'] }] });
    let ran = 0;
    let peakActive = 0;
    let peakHeap = 0;
    const after = defineTool({
      name: 'after',
      run: () => {
        if (++ran % 500 !== 0) return null;
        peakActive = Math.max(peakActive, runtime.health().activeFlows);
        peakHeap = Math.max(peakHeap, measureMemory().heap);
        return null;
      },
    });
    const runtime = await createRuntime({ store, clock, flows: [flow], tools: [after], maxActiveFlows });
    await startInBatches(100, () => runtime.start('sleeper'));
    const before = measureMemory();
    const begin = performance.now();
    await startInBatches(flows - 100, () => runtime.start('sleeper'));
    // Those that were not admitted at once begin their sleep later.
    while (runtime.health().activeFlows > 0 || store.countExecutions().pending > 0) await turn();
    const asleep = measureMemory();
    const activeWhileAsleep = runtime.health().activeFlows;
    const slept = performance.now();
    clock.advance(3_600_000);
    while (ran < flows || runtime.health().activeFlows > 0) {
      await turn();
      if (runtime.health().status !== 'running') throw new Error(`The runtime is ${runtime.health().status}`, { cause: runtime.health().error });
    }
    const woken = performance.now();
    const passed = store.countExecutions().scored;
    await runtime.stop();
    return {
      flows,
      activeWhileAsleep,
      heapPerSleeper: (asleep.heap - before.heap) / (flows - 100),
      heapWhileWaking: peakHeap - before.heap,
      peakActive,
      passed,
      startMs: slept - begin,
      wakeMs: woken - slept,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a step costs when so many flows of 20 steps run at once, µs; the best of some rounds, on disk. */
export async function measureStepCost(flowsAtOnce: number, steps: number, rounds: number): Promise<number> {
  const flow = defineFlow({
    id: 'chain',
    steps: Array.from({ length: 20 }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', ...(index > 0 && { depends_on: [`s${index - 1}`] }) })),
  });
  const work = defineTool({ name: 'work', run: () => null });
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-crowd-'));
  let best = Number.POSITIVE_INFINITY;
  try {
    for (let round = 0; round < rounds; round++) {
      const store = openSqliteStore({ file: join(folder, `${round}.db`), durability: 'process' });
      const runtime = await createRuntime({ store, flows: [flow], tools: [work], maxActiveFlows: 4_096, maxRunningSteps: 4_096 });
      const total = Math.max(flowsAtOnce, Math.ceil(steps / 20));
      let left = total;
      const begin = performance.now();
      const goOn = async (): Promise<void> => {
        while (left-- > 0) await (await runtime.start('chain')).settled();
      };
      await Promise.all(Array.from({ length: flowsAtOnce }, goOn));
      best = Math.min(best, ((performance.now() - begin) * 1_000) / (total * 20));
      await runtime.stop();
    }
    return best;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
