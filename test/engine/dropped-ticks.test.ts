import { describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { Machines } from '../../src/kernel/machines.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import type { FlowRuntime } from '../../src/kinds/flows/flow-runtime.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntimeOn } from '../../src/runtime/create-runtime.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { createGate, settleTicks, toTools, until } from '../runtime/open-runtime.ts';
import { createTaintingStore, stores } from './tainting-store.ts';

const others = 200;
/** Waits for a signal beside a handler that runs. */
const waiting = defineFlow({
  id: 'waiting',
  steps: [
    { id: 'work', uses: 'tool:work' },
    { id: 'go', uses: 'signal', with: { name: 'go' } },
    { id: 'end', uses: 'tool:end', depends_on: ['work', 'go'], with: { from: '{% input.name %}' } },
  ],
});

interface Opened {
  readonly runtime: Runtime;
  readonly core: FlowRuntime;
  /** Runs of `work`, by execution. */
  readonly runs: Map<string, number>;
  readonly open: () => void;
}

async function openWaiting(store: Records, machines: Machines = compiledMachines, options: Partial<RuntimeOptions> = {}): Promise<Opened> {
  const gate = createGate();
  const runs = new Map<string, number>();
  const work = async ({ executionId }: ToolCall): Promise<void> => {
    runs.set(executionId, (runs.get(executionId) ?? 0) + 1);
    await gate.promise;
  };
  let core: FlowRuntime | undefined;
  const runtime = await createRuntimeOn(machines, {
    clock: new SimulatedClock(), listen: false, flows: [waiting], tools: toTools({ work, end: () => 'done' }), ...options, store,
  }, given => (core = given));
  return { runtime, core: core as unknown as FlowRuntime, runs, open: () => gate.open() };
}

/** Breaks `signal.received` of one execution's step. */
function breakSignals(broken: Set<string>): Machines {
  const { step } = compiledMachines;
  return {
    ...compiledMachines,
    step: {
      ...step,
      transition(snapshot: never, event: { type: string; failure?: unknown }, effects: string[]) {
        if (event.type === 'signal.received' && broken.size > 0) {
          for (const one of broken) broken.delete(one);
          throw new TypeError('the guard is broken');
        }
        return (step.transition as (snapshot: unknown, event: unknown, effects: string[]) => unknown)(snapshot, event, effects);
      },
    } as unknown as Machines['step'],
  };
}

describe.each(stores)('a tick over a store $name', ({ open }) => {
  it('with a duplicate key among 200 others fails its caller alone', async () => {
    const { core, runtime, open: goOn } = await openWaiting(open());
    goOn();
    await core.start('waiting', { executionId: 'same', input: { name: 'a' } });
    await runtime.signal('same', 'go');
    await runtime.settled('same');
    const starts = Array.from({ length: others }, (_, index) => core.start('waiting', { input: { name: `n${index}` } }));
    const again = core.start('waiting', { executionId: 'same', input: { name: 'b' } });
    const [answers, refused] = await Promise.all([Promise.allSettled(starts), again.catch((error: unknown) => error)]);
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(refused).toMatchObject({ code: 'commit_failed' });
    expect(runtime.health().status).toBe('running');
    await Promise.all(answers.map(answer => (answer.status === 'fulfilled' ? answer.value.executionId : '')).map(async id => {
      await runtime.signal(id, 'go');
      expect(await runtime.settled(id)).toMatchObject({ status: 'scored', passed: true });
    }));
    await runtime.stop();
    expect(runtime.health().activeFlows).toBe(0);
  });

  it('with a broken row among 200 others fails its execution alone, and interrupts nobody', async () => {
    const inner = open();
    const { store, tainted } = createTaintingStore(inner);
    const { runtime, runs, open: goOn } = await openWaiting(store);
    const executions = await Promise.all(Array.from({ length: others + 1 }, (_, index) => runtime.start('waiting', { input: { name: `n-${index}-` } })));
    await until(() => runs.size === others + 1);
    const bad = executions[77];
    // From now on, whatever is to be stored of its row is refused.
    tainted.add('n-77-');
    const signals = await Promise.allSettled(executions.map(execution => execution.signal('go')));
    expect(signals.filter(({ status }) => status === 'rejected')).toHaveLength(0);
    goOn();
    await Promise.all(executions.filter(execution => execution !== bad).map(async execution => {
      const { status, steps } = await execution.settled();
      expect([status, steps[0]?.attempts]).toEqual(['scored', 1]);
    }));
    await settleTicks();
    // Not even its end can be stored: it stays where it is, and says why.
    expect((await runtime.list({ status: ['stepping'] })).map(({ executionId, blockedBy }) => [executionId, blockedBy?.code])).toEqual([[bad?.executionId, 'commit_refused']]);
    expect([...runs.values()].every(count => count === 1)).toBe(true);
    expect(runtime.health().status).toBe('running');
    await runtime.stop({ timeoutMs: 0 });
  });

  it('with a machine that throws among 200 others fails its execution alone, and begins no handler twice', async () => {
    const broken = new Set<string>();
    const inner = open();
    const { runtime, runs, open: goOn } = await openWaiting(inner, breakSignals(broken));
    const executions = await Promise.all(Array.from({ length: others }, (_, index) => runtime.start('waiting', { input: { name: `n${index}` } })));
    await until(() => runs.size === others);
    // Thrown once: the tick is dropped, and taken again in halves, in which nothing throws.
    broken.add('once');
    await Promise.all(executions.map(execution => execution.signal('go')));
    goOn();
    for (const execution of executions) expect(await execution.settled()).toMatchObject({ status: 'scored', passed: true });
    expect([...runs.values()].every(count => count === 1)).toBe(true);
    expect(runtime.health()).toMatchObject({ status: 'running', activeFlows: 0 });
    await expectSound(inner);
    await runtime.stop();
  });

  it('with a broken message among 200 others refuses its publish alone, and every other is handled once', async () => {
    const jobs = defineQueue({ name: 'jobs' });
    const { store, tainted } = createTaintingStore(open());
    const { runtime } = await openWaiting(store, compiledMachines, { queues: [jobs] });
    const handled: unknown[] = [];
    await runtime.consume(jobs, ({ payload }) => void handled.push(payload), { workers: 3 });
    tainted.add('bad-');
    const answers = await Promise.allSettled(Array.from({ length: others + 1 }, (_, index) => runtime.publish(jobs, index === 50 ? 'bad-50' : `good-${index}`)));
    expect(answers.map(({ status }, index) => (status === 'rejected' ? index : -1)).filter(index => index >= 0)).toEqual([50]);
    await until(() => handled.length >= others);
    await settleTicks();
    expect(handled.toSorted()).toEqual(Array.from({ length: others + 1 }, (_, index) => `good-${index}`).filter(name => name !== 'good-50').toSorted());
    expect(await runtime.queues.stats('jobs')).toMatchObject([{ depth: 0, completed: others, dead: 0 }]);
    await runtime.stop();
  });

  it('with a full disk faults at once, without halving', async () => {
    const inner = open();
    let asked = 0;
    let isFull = false;
    const store = new Proxy(inner, {
      get(target, name) {
        if (name === 'commit') {
          return (batch: Parameters<Records['commit']>[0]) => {
            asked++;
            if (isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
            return target.commit(batch);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { runtime } = await openWaiting(store);
    isFull = true;
    asked = 0;
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => runtime.start('waiting', { input: { name: 'x' } })));
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    expect(asked).toBe(1);
    expect(runtime.health().status).toBe('faulted');
    isFull = false;
    await runtime.stop({ timeoutMs: 0 });
  });
});
