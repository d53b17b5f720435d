import { describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { CoverageCounter, type FlowCoverage, readCoverage } from '../../src/catalog/read-coverage.ts';
import { gather, readHistory } from '../../src/views/read-history.ts';
import { createRandomFlow, createRandomHandlers } from '../must-hold/random-flow.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const order = {
  id: 'order', concurrency: 4,
  steps: [
    { id: 'list', uses: 'tool:echo', with: '{% input.list %}' },
    { id: 'each', uses: 'tool:flaky', for_each: '{% input.list %}', depends_on: ['list'], retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' as const } },
    { id: 'maybe', uses: 'tool:echo', when: '{% input.list[0] = 1 %}', critical: false },
    { id: 'wait', uses: 'signal', with: { name: 'go' }, depends_on: ['each'] },
  ],
};
const handlers = {
  echo: ({ input }: { input: unknown }) => input,
  flaky: ({ attempt, input }: { attempt: number; input: unknown }) => {
    if (attempt === 1) throw new Error('the first time');
    return input;
  },
};

/** The same counts, in the plainest way: all transitions of all generations, one after the other. */
async function countPlainly(store: Records, flowId: string, fanOuts: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { executionId } of await store.listExecutions({ flowId, limit: 10_000 })) {
    for (const record of await store.listGenerations(executionId)) {
      const states: Record<string, string> = {};
      for (const { address, event, state } of await gather(readHistory(store, record))) {
        if (state === null) continue;
        const local = address.split('/').slice(2).join('/').replace(/^step:/, '').replace(/\/item:(\d+)$/, '[$1]');
        const key = `${local === '' ? 'flow' : fanOuts.includes(local) ? 'fanOut' : 'step'}: ${states[local] ?? 'pending'} – ${event.type} → ${state}`;
        states[local] = state;
        counts[key] = (counts[key] ?? 0) + 1;
      }
    }
  }
  return counts;
}

const toRecord = ({ transitions }: FlowCoverage): Record<string, number> => Object.fromEntries(transitions.map(({ machine, from, event, to, count }) => [`${machine}: ${from} – ${event} → ${to}`, count]));

/** Some executions that end, one that waits, and one that is tried again. */
async function runOrders() {
  const opened = await openRuntime(order, handlers as never);
  const { runtime, clock } = opened;
  for (let index = 0; index < 5; index++) {
    const { executionId } = await runtime.start('order', { input: { list: [1, 2, 3].slice(0, index) }, idempotencyKey: `${index}` });
    await settleTicks();
    clock.advance(1_000);
    await settleTicks();
    if (index === 4) break;
    if (index === 2) await runtime.cancel(executionId);
    else await runtime.signal(executionId, 'go');
    await settleTicks();
    if (index === 2) await runtime.retry(executionId);
    await settleTicks();
  }
  return opened;
}

describe('coverage in production', () => {
  it('is what a plain count over the journals gives, whatever the slices', async () => {
    const { runtime, store } = await runOrders();
    const plain = await countPlainly(store, 'order', ['each']);
    expect(Object.keys(plain)).toEqual(expect.arrayContaining(['step: running – attempt.failed → retrying', 'fanOut: pending – step.start → running', 'flow: stepping – flow.cancel → failed']));
    for (const maxRows of [1, 2, 7, 2_000]) {
      const counter = new CoverageCounter(store, { flowId: 'order' });
      let slices = 1;
      while (!(await counter.advance(maxRows))) slices++;
      expect(toRecord(counter.read())).toEqual(plain);
      expect(counter.read().executions).toBe(6);
      if (maxRows === 1) expect(slices).toBeGreaterThan(20);
    }
    await runtime.stop();
  });

  it('goes on with what came since, and counts nothing twice', async () => {
    const { runtime, store } = await runOrders();
    const counter = new CoverageCounter(store, { flowId: 'order' });
    while (!(await counter.advance(3)));
    const before = counter.read();
    await counter.advance();
    expect(counter.read()).toEqual(before);
    const [open] = (await runtime.list({ flowId: 'order' })).filter(({ settledAt }) => settledAt === null);
    await runtime.signal(open!.executionId, 'go');
    await runtime.start('order', { input: { list: [] } });
    await settleTicks();
    while (!(await counter.advance(3)));
    const plain = await countPlainly(store, 'order', ['each']);
    expect(toRecord(counter.read())).toEqual(plain);
    expect(plain).not.toEqual(toRecord(before));
    expect(counter.read().executions).toBe(before.executions + 1);
    await runtime.stop();
  });

  it('tells runs, failures and times of each step, of executions that have settled', async () => {
    const { runtime, store } = await runOrders();
    const { steps } = await readCoverage(store, { flowId: 'order' });
    const settled = (await Promise.all((await store.listExecutions({ flowId: 'order' })).map(({ executionId }) => store.listGenerations(executionId)))).flat().filter(({ settledAt }) => settledAt !== null);
    const attempts = (await Promise.all(settled.map(({ key }) => store.listAttempts(key)))).flat();
    for (const [position, stepId] of [[0, 'list'], [1, 'each']] as const) {
      const own = attempts.filter(attempt => attempt.position === position);
      expect(steps.find(step => step.stepId === stepId)).toMatchObject({ runs: own.length, failures: own.filter(({ status }) => status === 'failed').length, p50Ms: 0, p99Ms: 0 });
    }
    await runtime.stop();
  });

  it('is of one definition, or since a time, if that is asked for', async () => {
    const { runtime, store } = await runOrders();
    const all = await store.listExecutions({ flowId: 'order', order: 'oldest' });
    const generations = (await Promise.all(all.map(({ executionId }) => store.listGenerations(executionId)))).flat();
    const since = Math.max(...generations.map(({ createdAt }) => createdAt));
    const late = generations.filter(({ createdAt }) => createdAt >= since).length;
    expect([late > 0, late < 6, (await readCoverage(store, { flowId: 'order', since })).executions]).toEqual([true, true, late]);
    expect((await readCoverage(store, { flowId: 'order', digest: all[0]!.digest })).executions).toBe(6);
    expect(await readCoverage(store, { flowId: 'order', digest: 'other' })).toEqual({ flowId: 'order', executions: 0, transitions: [], steps: [] });
    expect((await readCoverage(store, { flowId: 'nobody' })).executions).toBe(0);
    await runtime.stop();
  });

  it('is right for flows of any shape', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const flows = createRandomFlow(createSeededRandom(seed), 9, true);
      const { handlers: tools, held } = createRandomHandlers(() => {});
      const { runtime, store, clock } = await openRuntime(flows, tools as never);
      for (let run = 0; run < 3; run++) await runtime.start('random', { input: { value: 7 + run, list: [1, 2, 3] } });
      const counter = new CoverageCounter(store, { flowId: 'random' });
      for (let turn = 0; turn < 12; turn++) {
        await settleTicks();
        for (const open of held.splice(0)) open();
        clock.advance(turn * 700_000);
        await counter.advance(5);
      }
      await settleTicks();
      // To the end of what it is in the middle of, and from there once more.
      for (let pass = 0; pass < 2; pass++) while (!(await counter.advance(5)));
      const fanOuts = flows[0]!.steps.filter(({ for_each }) => for_each !== undefined).map(({ id }) => id);
      expect({ seed, ...toRecord(counter.read()) }).toEqual({ seed, ...(await countPlainly(store, 'random', fanOuts)) });
      await runtime.stop();
    }
  });
});
