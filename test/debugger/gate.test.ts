import { afterEach, describe, expect, it } from 'vitest';
import { requireDebugOptions } from '../../src/debugger/debug-options.ts';
import type { HeldChange } from '../../src/debugger/debugger.ts';
import { createMemoryStore } from '../../src/index.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { jobs, openStand, rest } from './stand.ts';

const opened: Runtime[] = [];
const open = async (options?: Partial<RuntimeOptions>) => {
  const stand = await openStand(createRuntime, createMemoryStore, options);
  opened.push(stand.runtime);
  return stand;
};
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.stop({ timeoutMs: 0 });
});

describe('an execution that stands still', () => {
  it('is stored and begins nothing, and each step is one commit with one handler at most', async () => {
    const { runtime, debug, ledger, calls, store } = await open();
    debug.pauseOnStart('two');
    const { executionId } = await runtime.start('two');
    await rest();
    expect([calls, ledger.commits]).toEqual([[], []]);
    const seen: unknown[] = [];
    while (debug.held().length > 0) {
      const before = ledger.commits.length;
      const preview = await debug.preview(executionId);
      await debug.step(executionId);
      await rest();
      seen.push([preview?.entries.length === ledger.commits.at(-1)?.length, ledger.commits.length - before, [...calls]]);
    }
    expect(seen).toEqual([[true, 1, ['a']], [true, 1, ['a', 'b']], [true, 1, ['a', 'b']]]);
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect((await replayJournal(store, executionId)).mismatches).toEqual([]);
  });

  it('grows nowhere while others go on, and is named by health and listings', async () => {
    const { runtime, debug, ledger, countEntries } = await open();
    const { executionId } = await runtime.start('waiting');
    await rest();
    await debug.pause(executionId);
    void runtime.signal(executionId, 'go', {});
    await rest();
    const before = countEntries();
    expect(debug.held()).toMatchObject([{ target: executionId, of: 'waiting', count: 1, messages: [{ event: { type: 'signal', name: 'go' } }] }]);
    expect(runtime.health().heldByInspector).toEqual([executionId]);
    expect((await runtime.list()).map(({ heldBy }) => heldBy)).toEqual(['inspector']);
    const own = ledger.journals.size;
    expect((await (await runtime.start('two')).settled()).passed).toBe(true);
    expect(ledger.journals.size).toBe(own + 1);
    expect(ledger.journals.get(1)).toHaveLength(before);
    debug.resume(executionId);
    await rest();
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(runtime.health().heldByInspector).toBeUndefined();
  });

  it('keeps a signal that its machine refuses, in the commit in which that is said', async () => {
    const { runtime, debug, store } = await open();
    const { executionId } = await runtime.start('machine');
    await rest();
    await debug.pause(executionId);
    void runtime.signal(executionId, 'other', { n: 1 }, { force: true });
    await rest();
    expect(debug.held()[0]?.count).toBe(1);
    const preview = await debug.preview(executionId);
    await debug.step(executionId);
    expect(await store.listSignals((await store.getExecution(executionId))?.key ?? 0)).toHaveLength(1);
    expect([preview?.failure, debug.held()[0]?.count]).toEqual([undefined, 0]);
  });

  it('is cancelled, and given back by a stop, while a thousand messages wait; what waited is stored', async () => {
    const { runtime, debug } = await open({ debug: { maxHeldMessages: 5_000 } });
    const [one, two] = [await runtime.start('waiting'), await runtime.start('waiting')];
    await rest();
    for (const { executionId } of [one, two]) await debug.pause(executionId);
    const signals = Array.from({ length: 1_000 }, (_, n) => two.signal(`other-${n}`, { n }, { force: true }));
    for (let n = 0; n < 1_000; n++) void one.signal(`other-${n}`, { n }, { force: true }).catch(() => {});
    await rest();
    expect(debug.held().map(({ count }) => count)).toEqual([1_000, 1_000]);
    expect(await one.cancel()).toBe(true);
    await runtime.stop({ timeoutMs: 1_000 });
    await Promise.all(signals);
    expect(debug.held()).toEqual([]);
  });

  it('goes on when more than its limit waits, in order, and says so', async () => {
    const { runtime, debug, store } = await open({ debug: { maxHeldMessages: 3 } });
    const { executionId } = await runtime.start('waiting');
    await rest();
    const changes: HeldChange[] = [];
    debug.watch(change => changes.push(change));
    await debug.pause(executionId);
    for (let n = 0; n < 4; n++) void runtime.signal(executionId, `other-${n}`, { n }, { force: true });
    await rest();
    expect(changes.at(-1)).toEqual({ target: executionId, gone: 'limit' });
    const signals = await store.listSignals((await store.getExecution(executionId))?.key ?? 0);
    expect(signals.map(({ name }) => name)).toEqual(['other-0', 'other-1', 'other-2', 'other-3']);
  });

  it('goes on a while after the last client that holds it has left, and not while another is there', async () => {
    const { runtime, debug, clock } = await open();
    const { executionId } = await runtime.start('waiting');
    const [one, two] = [new AbortController(), new AbortController()];
    debug.attach(one, one.signal);
    await debug.pause(executionId);
    debug.lend(executionId);
    one.abort();
    clock.advance(9_000);
    debug.attach(two, two.signal);
    clock.advance(60_000);
    expect(debug.held()).toHaveLength(1);
    two.abort();
    clock.advance(9_999);
    expect(debug.held()).toHaveLength(1);
    clock.advance(1);
    expect(debug.held()).toEqual([]);
  });

  // At once: as after a process was stopped, or its machine slept, for so long.
  it.each([['minute by minute', 20, 60_000], ['all at once', 1, 1_200_000]])('has its message to itself, however long it stands, %s', async (_how, times, ms) => {
    const { runtime, debug, clock } = await open();
    const { executionId } = await runtime.start('letter');
    await rest();
    await debug.pause(executionId);
    await runtime.publish(jobs, { n: 1 });
    await rest();
    expect(debug.held()[0]?.count).toBe(1);
    const others: unknown[] = [];
    await runtime.consume(jobs, async ({ payload }) => void others.push(payload));
    for (let time = 0; time < times; time++) {
      clock.advance(ms);
      await rest();
    }
    debug.resume(executionId);
    await rest();
    expect((await runtime.settled(executionId)).outputs).toEqual({ get: { n: 1 } });
    expect(others).toEqual([]);
  });

  it('stands still with what it starts, and goes on with it', async () => {
    const { runtime, debug, calls } = await open();
    debug.pauseOnStart('parent');
    const { executionId } = await runtime.start('parent');
    await debug.step(executionId);
    await rest();
    if (debug.held().length < 2) await debug.step(executionId);
    await rest();
    expect(debug.held().map(({ target, reason }) => [target, reason])).toEqual([[executionId, 'start'], [`${executionId}.child`, 'parent']]);
    expect(calls).toEqual([]);
    debug.resume();
    await rest();
    expect((await runtime.settled(executionId)).passed).toBe(true);
  });

  it('leaves a child to the next process that was held at its start when this one died', async () => {
    const { runtime, debug, store } = await open();
    debug.pauseOnStart('parent');
    const { executionId } = await runtime.start('parent');
    while (debug.held().length < 2) {
      await debug.step(executionId);
      await rest();
    }
    for (const isHeld of [false, true]) {
      const next = await open({ store: store.copy(), recover: !isHeld });
      if (isHeld) {
        await next.debug.pause(executionId);
        void next.runtime.resume(executionId);
        await rest();
        for (let turn = 0; turn < 40; turn++) {
          const waiting = next.debug.held().find(({ count }) => count > 0);
          if (waiting) await next.debug.step(waiting.target);
          await rest();
        }
      }
      await rest();
      expect((await next.runtime.settled(executionId)).passed).toBe(true);
    }
  });

  it('is stepped over a step, and out of it', async () => {
    const { runtime, debug, calls } = await open();
    debug.pauseOnStart('two', { once: false });
    const one = await runtime.start('two');
    await debug.stepOver(one.executionId, 'a');
    expect([calls, (await one.get()).steps.map(({ status }) => status)]).toEqual([['a', 'b'], ['completed', 'running']]);
    await debug.stepOut(one.executionId);
    expect((await one.get()).passed).toBe(true);
  });
});

describe('what may be held', () => {
  it('is an execution or an actor that has not ended', async () => {
    const { runtime, debug } = await open();
    const { executionId } = await runtime.start('two');
    await runtime.settled(executionId);
    await expect(debug.pause(executionId)).rejects.toMatchObject({ code: 'execution_settled' });
    await expect(debug.pause('nobody')).rejects.toMatchObject({ code: 'debug_target_unknown' });
    await expect(debug.step('nobody')).rejects.toMatchObject({ code: 'debug_not_held' });
    expect(() => debug.breakpoints([{ flowId: 'two' }])).toThrow(expect.objectContaining({ code: 'breakpoint_invalid' }));
    expect(() => debug.breakpoints([{ when: '(' }])).toThrow(expect.objectContaining({ code: 'breakpoint_invalid' }));
  });

  it('is held by other processes unless it is production', () => {
    expect([requireDebugOptions(), requireDebugOptions({}, 'production'), requireDebugOptions({ control: true }, 'production')].map(({ control }) => control)).toEqual([true, false, true]);
    expect(() => requireDebugOptions({ graceMs: -1 })).toThrow(expect.objectContaining({ code: 'option_invalid' }));
  });
});
