import { describe, expect, it, vi } from 'vitest';
import { assign, fromPromise, setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { idempotencyKeyOf } from '../../src/kinds/actors/idempotency-key.ts';
import type { ActorView } from '../../src/kinds/actors/read-actor-view.ts';
import { readActorView } from '../../src/kinds/actors/read-actor-view.ts';
import type { PromiseOptions } from '../../src/kinds/actors/promise-runs.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { renderActor } from '../../src/views/terminal/actor-view.ts';
import { createPalette } from '../../src/views/terminal/palette.ts';
import { createGate, settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const hour = 3_600_000;

/** A machine that pays, and what was asked of the one who is paid. */
function createPayer() {
  const calls: { readonly key: string; readonly signal: AbortSignal; readonly gate: ReturnType<typeof createGate<string>> }[] = [];
  const pay = fromPromise<string>(({ self, signal }) => {
    const gate = createGate<string>();
    calls.push({ key: idempotencyKeyOf(self), signal, gate });
    return gate.promise;
  });
  const machine = setup({ actors: { pay }, types: {} as { context: { result: string; pings: number }; events: { type: 'ping' } | { type: 'spoil' } | { type: 'cancel' } } }).createMachine({
    id: 'payer',
    context: { result: '', pings: 0 },
    initial: 'paying',
    on: { ping: { actions: assign({ pings: ({ context }) => context.pings + 1 }) }, spoil: { actions: assign({ pings: () => new Map() as never }) } },
    states: {
      paying: {
        on: { cancel: 'failed' },
        invoke: {
          id: 'payment', src: 'pay',
          onDone: { target: 'paid', actions: assign({ result: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ result: ({ event }) => `${String((event.error as { code?: string }).code)}: ${(event.error as Error).message}` }) },
        },
      },
      paid: {},
      failed: {},
    },
  });
  return { calls, machine };
}

/** One process after the other on one store; each but the last is killed: it is let go of as it is. */
function createCrashes(options: Partial<RuntimeOptions>) {
  const clock = new SimulatedClock();
  let store = createMemoryStore();
  return {
    clock,
    async open(): Promise<Runtime> {
      const runtime = await createRuntime({ ...options, store, clock });
      await settleTicks();
      return runtime;
    },
    crash(): void {
      const { reopen } = store as unknown as { reopen(): Records };
      (store as unknown as { evict(): void }).evict();
      store = reopen.call(store) as typeof store;
    },
  };
}

const retrying = (promises: PromiseOptions, more: Partial<RuntimeOptions> = {}) => {
  const { calls, machine } = createPayer();
  const options = { machines: [{ machine, promises: { pay: promises } }], ...more };
  return { calls, machine, place: openPlace(options), crashes: createCrashes(options) };
};

const refuse = async (call: { gate: { fail(error: unknown): void } } | undefined, reason = 'busy'): Promise<void> => {
  call?.gate.fail(new Error(reason));
  await settleTicks();
};

describe('a promise that is tried again', () => {
  it('goes on counting where it was after a restart, with the same key', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 3, backoffMs: 1_000 });
    await (await place.open()).spawn(machine, { id: 'p' });
    await refuse(calls[0]);
    place.clock.advance(1_000);
    await settleTicks();
    expect(calls).toHaveLength(2);
    await place.close();
    expect(calls[1]?.signal.aborted).toBe(true);
    const runtime = await place.open();
    expect(calls).toHaveLength(3);
    await refuse(calls[2]);
    place.clock.advance(1_999);
    await settleTicks();
    expect(calls).toHaveLength(3);
    place.clock.advance(1);
    await settleTicks();
    await refuse(calls[3], 'closed');
    const actor = await runtime.actor<typeof machine>('p');
    expect(actor.getSnapshot()).toMatchObject({ value: 'failed', context: { result: 'undefined: closed' } });
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    await runtime.stop();
  });

  it('waits for its next attempt where it is not in memory, until the time that was set', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 2, backoffMs: hour });
    const first = await place.open();
    await first.spawn(machine, { id: 'p' });
    await refuse(calls[0]);
    expect(await first.actors()).toMatchObject([{ id: 'p', status: 'active', wakeAt: place.clock.now() + hour }]);
    place.clock.advance(hour / 2);
    const view = (await readActorView(place.store as never, 'p', 5)) as ActorView;
    expect(view.root.children).toMatchObject([{ address: 'p/payment', run: { attempt: 2, dueAt: place.clock.now() + hour / 2 } }]);
    expect(renderActor(view, view.root, place.clock.now(), 100, createPalette({ colors: false, unicode: false }))).toContain('pay attempt 2 in 30m');
    await place.close();
    const read = vi.spyOn(place.store.actors as NonNullable<Records['actors']>, 'getActor');
    const second = await place.open();
    place.clock.advance(hour / 2 - 1);
    await settleTicks();
    expect([calls.length, read.mock.calls.length]).toEqual([1, 0]);
    place.clock.advance(1);
    await settleTicks();
    expect(calls).toHaveLength(2);
    calls[1]?.gate.open('late, but paid');
    await settleTicks();
    expect((await second.actor<typeof machine>('p')).getSnapshot()).toMatchObject({ value: 'paid', context: { result: 'late, but paid' } });
    await second.stop();
  });

  it('is tried again at the start when that fell due while nothing ran', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 2, backoffMs: hour });
    await (await place.open()).spawn(machine, { id: 'p' });
    await refuse(calls[0]);
    await place.close();
    place.clock.advance(3 * hour);
    const runtime = await place.open();
    expect(calls).toHaveLength(2);
    calls[1]?.gate.open('paid');
    await runtime.stop();
  });

  it('takes events meanwhile, and is tried no more when its state has been left', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 5, backoffMs: hour });
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'p' });
    await refuse(calls[0]);
    await actor.send({ type: 'ping' });
    await expect(actor.send({ type: 'spoil' })).rejects.toMatchObject({ code: 'actor_value_not_json' });
    expect(calls).toHaveLength(1);
    place.clock.advance(hour);
    await settleTicks();
    expect(calls).toHaveLength(2);
    await refuse(calls[1]);
    await actor.send({ type: 'cancel' });
    place.clock.advance(200 * hour);
    await settleTicks();
    expect(calls).toHaveLength(2);
    expect(await runtime.actors()).toMatchObject([{ wakeAt: null, value: 'failed' }]);
    await runtime.stop();
  });

  it('has failed when a run takes too long, by a code, and is tried again like any other', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 2, backoffMs: 10, timeoutMs: 5_000 });
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'p' });
    for (const ms of [5_000, 10, 5_000]) {
      place.clock.advance(ms);
      await settleTicks();
    }
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(actor.getSnapshot().context.result).toMatch(/^promise_timeout: /);
    await runtime.stop();
  });

  it('is not aborted by its own success', async () => {
    const { calls, machine, place } = retrying({});
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'p' });
    calls[0]?.gate.open('paid');
    await actor.waitFor(({ value }) => value === 'paid');
    await runtime.stop();
    expect(calls[0]?.signal.aborted).toBe(false);
  });
});

describe('a promise cut off by a crash', () => {
  it('repeats the attempt, which is not counted as failed', async () => {
    const { calls, machine, crashes } = retrying({ maxAttempts: 2, backoffMs: 10 });
    await (await crashes.open()).spawn(machine, { id: 'p' });
    for (let turn = 0; turn < 3; turn++) {
      crashes.crash();
      await crashes.open();
    }
    expect(calls).toHaveLength(4);
    await refuse(calls[3]);
    crashes.clock.advance(10);
    await settleTicks();
    expect(calls).toHaveLength(5);
    calls[4]?.gate.open('paid');
    await settleTicks();
    crashes.crash();
    const runtime = await crashes.open();
    expect((await runtime.actor<typeof machine>('p')).getSnapshot().value).toBe('paid');
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    await runtime.stop();
  });

  it('has failed for good when that has happened so often that it may be the cause', async () => {
    const { calls, machine, crashes } = retrying({ maxAttempts: 9 }, { maxInterruptions: 3 });
    await (await crashes.open()).spawn(machine, { id: 'p' });
    for (let turn = 0; turn < 3; turn++) {
      crashes.crash();
      await crashes.open();
    }
    crashes.crash();
    const runtime = await crashes.open();
    expect(calls).toHaveLength(3);
    expect((await runtime.actor<typeof machine>('p')).getSnapshot()).toMatchObject({ value: 'failed', context: { result: 'promise_interrupted: The process ended 3 times while `pay` was running' } });
    await runtime.stop();
  });

  it('is not counted as interrupted by a runtime that was stopped, however often', async () => {
    const { calls, machine, place } = retrying({}, { maxInterruptions: 2 });
    await (await place.open()).spawn(machine, { id: 'p' });
    for (let turn = 0; turn < 5; turn++) {
      await place.close();
      await place.open();
    }
    expect(calls).toHaveLength(6);
    calls[5]?.gate.open('paid');
    await settleTicks();
    await place.close();
    const runtime = await place.open();
    expect((await runtime.actor<typeof machine>('p')).getSnapshot().value).toBe('paid');
    await runtime.stop();
  });
});

describe('options given with an actor', () => {
  it('hold before the machine\'s, after a restart, too', async () => {
    const { calls, machine, place } = retrying({ maxAttempts: 1, timeoutMs: 5_000 });
    await (await place.open()).spawn(machine, { id: 'p', promises: { pay: { maxAttempts: 3, backoffMs: 10 } } });
    await refuse(calls[0]);
    await place.close();
    const runtime = await place.open();
    place.clock.advance(10);
    await settleTicks();
    await refuse(calls[1]);
    place.clock.advance(20);
    await settleTicks();
    expect(calls).toHaveLength(3);
    // What they say nothing of is as the machine has it.
    place.clock.advance(5_000);
    await settleTicks();
    expect((await runtime.actor<typeof machine>('p')).getSnapshot().context.result).toMatch(/^promise_timeout/);
    await runtime.stop();
  });

  it('are those given last', async () => {
    const { calls, machine, place } = retrying({});
    await (await place.open()).spawn(machine, { id: 'p' });
    await place.close();
    const runtime = await place.open();
    await runtime.spawn(machine, { id: 'p', promises: { pay: { maxAttempts: 2, backoffMs: 0 } } });
    await place.close();
    const last = await place.open();
    await refuse(calls[2]);
    expect(calls).toHaveLength(4);
    calls[3]?.gate.open('paid');
    await last.stop();
  });

  it.each([
    [{ pay: { maxAttempts: 0 } }, '`promises.pay.maxAttempts` to be an integer ≥ 1, got `0`'],
    [{ pay: { backoffMs: -1 } }, '`promises.pay.backoffMs` to be a number of ms ≥ 0'],
    [{ pay: { timeoutMs: Number.NaN } }, '`promises.pay.timeoutMs` to be'],
    [{ pay: { retries: 3 } }, 'no option `retries`'],
    ['often', 'Expected `promises` to be options'],
  ])('are refused when they are %j', async (promises, message) => {
    const { machine, place } = retrying({});
    await expect((await place.open()).spawn(machine, { id: 'p', promises: promises as never })).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining(message) as string });
    await expect(place.open({ machines: [{ machine, promises: promises as never }] })).rejects.toMatchObject({ code: 'option_invalid' });
  });
});
