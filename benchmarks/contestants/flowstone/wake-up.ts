import { join } from 'node:path';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { computePercentile } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { WakeUpParameters } from '../../trials/wake-up.ts';
import { prepareSleeping } from './run-prepare.ts';
import { toSleeperId } from './sleeper-id.ts';
import sleepingFlow from './sleeping-flow.json' with { type: 'json' };

const sleepMs = 20;
const napper = defineFlow({
  id: 'napper',
  steps: [
    { id: 'nap', uses: 'sleep', with: { for: sleepMs } },
    { id: 'woken', uses: 'tool:woken', depends_on: ['nap'] },
  ],
});

const run: Run<WakeUpParameters> = async ({ sleeping, wakes }, { directory }) => {
  const file = join(directory, 'app.db');
  prepareSleeping(file, sleeping);

  let woken: ((at: number) => void) | undefined;
  const tool = defineTool({ name: 'woken', run: () => woken?.(performance.now()) });
  const begun = performance.now();
  const runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), flows: [defineFlow(sleepingFlow), napper], tools: [tool] });
  const openMs = performance.now() - begun;

  const wakeTimes: number[] = [];
  for (let index = 1; index <= wakes; index++) {
    // Spread over the whole table, never the same twice.
    const number = Math.floor((index * (sleeping - 1)) / (wakes + 1)) + 1;
    const called = new Promise<number>(resolve => (woken = resolve));
    const signalled = performance.now();
    await runtime.signal(toSleeperId(number), 'go');
    const took = ((await called) - signalled) * 1_000;
    if (index > wakes / 5) wakeTimes.push(took);
  }
  const late: number[] = [];
  for (let index = 0; index < Math.min(wakes, 50); index++) {
    const called = new Promise<number>(resolve => (woken = resolve));
    const started = performance.now();
    await runtime.start('napper');
    late.push((await called) - started - sleepMs);
  }
  await runtime.stop();
  return {
    wakeP50Us: computePercentile(wakeTimes, 0.5),
    wakeP99Us: computePercentile(wakeTimes, 0.99),
    timerLateMs: computePercentile(late, 0.5),
    openMs,
  };
};

export default run;
