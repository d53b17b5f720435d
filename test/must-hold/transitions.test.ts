import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { TransitionUpdate } from '../../src/kinds/flows/execution-api.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

type Transition = Extract<TransitionUpdate, { type: 'transition' }>;

const flow: FlowSource = {
  id: 'long',
  concurrency: 2,
  steps: [
    { id: 'all', uses: 'tool:work', for_each: '{% [1..30] %}' },
    { id: 'nap', uses: 'sleep', with: { for: '1h' }, depends_on: ['all'] },
    { id: 'hold', uses: 'tool:hold', depends_on: ['nap'] },
    { id: 'end', uses: 'tool:work', depends_on: ['hold'] },
  ],
};

/** Follows an execution until it ends, or the runtime does. */
async function follow(runtime: Runtime, executionId: string, after?: number): Promise<{ readonly first: TransitionUpdate | undefined; readonly transitions: Transition[]; readonly code: string | undefined }> {
  const transitions: Transition[] = [];
  let first: TransitionUpdate | undefined;
  let code: string | undefined;
  try {
    for await (const update of runtime.transitions(executionId, after === undefined ? {} : { after })) {
      first ??= update;
      if (update.type === 'transition') transitions.push(update);
    }
  } catch (error) {
    code = (error as { code: string }).code;
  }
  return { first, transitions, code };
}

describe('transitions', () => {
  it('come without a gap, resumable from any number, across a crash and a stop', async () => {
    const store = createMemoryStore();
    const work = ({ input }: { readonly input: unknown }): unknown => input;
    const first = await openRuntime(flow, { work, hold: () => createGate().promise }, { store });
    const { executionId } = await first.runtime.start('long');
    const followed = follow(first.runtime, executionId, 0);
    await settleTicks();
    first.clock.advance(3_600_000);
    await settleTicks();
    const crashed = store.copy();
    await first.runtime.stop({ timeoutMs: 0 });
    const before = await followed;
    expect(before.first?.type).toBe('snapshot');
    expect(before.code).toBe('runtime_stopped');
    expect(before.transitions.map(({ seq }) => seq)).toEqual(before.transitions.map((_, index) => index + 1));

    const second = await openRuntime(flow, { work, hold: () => 'held' }, { store: crashed, clock: first.clock });
    // The stop of the first life is not part of what the crash left.
    const stored = crashed.getExecution(executionId)?.seq ?? 0;
    const resumed = follow(second.runtime, executionId, 40);
    const settled = await second.runtime.settled(executionId);
    expect(settled.passed).toBe(true);
    const after = (await resumed).transitions;
    const total = crashed.getExecution(executionId)?.seq ?? 0;
    expect(after.map(({ seq }) => seq)).toEqual(Array.from({ length: total - 40 }, (_, index) => index + 41));
    // What both lives have seen is the same.
    const known = before.transitions.filter(({ seq }) => seq > 40 && seq <= Math.min(stored, 100));
    expect(known.length).toBeGreaterThan(50);
    expect(after.slice(0, known.length)).toEqual(known);

    for (const number of [0, 1, 7, total - 1, total, total + 5]) {
      const { first: snapshot, transitions, code } = await follow(second.runtime, executionId, number);
      expect([number, code]).toEqual([number, undefined]);
      expect(snapshot).toMatchObject({ type: 'snapshot', seq: total, execution: { status: 'scored' } });
      expect(transitions.map(({ seq }) => seq)).toEqual(Array.from({ length: Math.max(0, total - number) }, (_, index) => number + index + 1));
    }
    expect((await follow(second.runtime, executionId)).transitions).toEqual([]);
    await expectSound(crashed);
    await second.runtime.stop();
  });

  it('end for whoever stops listening, and are the same for many listeners at once', async () => {
    const { runtime } = await openRuntime({ id: 'short', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] }, { work: () => 1 });
    const { executionId } = await runtime.start('short');
    const listeners = Array.from({ length: 20 }, () => follow(runtime, executionId, 0));
    for await (const update of runtime.transitions(executionId, { after: 0 })) if (update.type === 'transition') break;
    const all = await Promise.all(listeners);
    for (const { transitions } of all) expect(transitions).toEqual(all[0]?.transitions);
    expect(all[0]?.transitions.at(-1)).toMatchObject({ state: 'scored' });
    await runtime.stop();
  });

  it('are more than one read of the journal can hold', async () => {
    const { runtime, store } = await openRuntime(
      { id: 'wide', concurrency: 1, steps: [{ id: 'all', uses: 'tool:work', for_each: '{% [1..1500] %}' }] },
      { work: () => new Promise(resolve => setImmediate(() => resolve(null))) },
      { store: openSqliteStore({ file: ':memory:' }) },
    );
    const { executionId } = await runtime.start('wide');
    const { transitions } = await follow(runtime, executionId, 0);
    expect(transitions.length).toBeGreaterThan(4_000);
    expect(transitions.map(({ seq }) => seq)).toEqual(transitions.map((_, index) => index + 1));
    expect((await follow(runtime, executionId, 0)).transitions).toEqual(transitions);
    await expectSound(store);
    await runtime.stop();
  });
});
