import { setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { MemoryRecords } from '../../src/open-records.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { approval, day } from './approval-machine.ts';
import type { Handlers } from './open-runtime.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const flow: FlowSource = {
  id: 'order',
  steps: [
    { id: 'review', uses: 'machine:approval', with: { item: '{% input.item %}' } },
    { id: 'ship', uses: 'tool:ship', depends_on: ['review'], with: { review: '{% steps.review.output %}' } },
  ],
};
const review = (more: object, rest: object = {}): FlowSource => ({ id: 'order', ...rest, steps: [{ id: 'review', uses: 'machine:approval', ...more }] }) as FlowSource;

/** Opens a runtime on the same store and clock again and again. */
function createPlace(flows: FlowSource | FlowSource[] = flow, options: Partial<RuntimeOptions> = {}, handlers: Handlers = {}) {
  const clock = new SimulatedClock();
  const shipped: unknown[] = [];
  let store = createMemoryStore();
  let runtime: Runtime | undefined;
  const open = async (more: Partial<RuntimeOptions> = {}): Promise<Runtime> => {
    ({ runtime } = await openRuntime(flows, { ship: ({ input }) => void shipped.push(input), ...handlers }, { machines: [approval], ...options, ...more, store, clock }));
    await settleTicks();
    return runtime;
  };
  return {
    clock,
    shipped,
    open,
    get store(): MemoryRecords {
      return store;
    },
    actor: (id: string) => store.actors.getActor(id),
    /** Another process goes on where this one was lost. */
    async restart(more?: Partial<RuntimeOptions>): Promise<Runtime> {
      const left = store.copy();
      await runtime?.stop({ timeoutMs: 0 });
      store = left;
      return open(more);
    },
  };
}

describe('a step that is a machine', () => {
  it('waits for it outside of memory, over restarts, and takes its output when it ends', async () => {
    const place = createPlace();
    let runtime = await place.open();
    const { executionId } = await runtime.start('order', { input: { item: 'book' } });
    await settleTicks();
    const id = `flow:${executionId}.review`;
    expect(runtime.health().activeFlows).toBe(0);
    expect((await runtime.get(executionId).then(one => one.get())).steps[0]).toMatchObject({ status: 'waiting', settledAt: null });
    expect(place.actor(id)).toMatchObject({ status: 'active', wakeAt: place.clock.now() + 7 * day });
    expect((await runtime.actors()).map(actor => actor.id)).toEqual([id]);
    runtime = await place.restart();
    place.clock.advance(8 * day);
    await settleTicks();
    runtime = await place.restart();
    expect(runtime.health().activeFlows).toBe(0);
    expect((await runtime.actor<typeof approval>(id)).getSnapshot().context).toMatchObject({ item: 'book', reminders: 1 });
    await runtime.signal(executionId, 'approve', { by: 'Ada' });
    const { status, score, steps } = await runtime.settled(executionId);
    expect({ status, score }).toEqual({ status: 'scored', score: 1 });
    expect(steps[0]).toMatchObject({ status: 'completed', output: { item: 'book', by: 'Ada', reminders: 1 } });
    expect(place.shipped).toEqual([{ review: { item: 'book', by: 'Ada', reminders: 1 } }]);
    expect(place.actor(id)).toMatchObject({ status: 'done', wakeAt: null });
    await runtime.stop();
  });

  it('goes on when the machine ends by itself while its flow is not in memory', async () => {
    const place = createPlace();
    const runtime = await place.open();
    const { executionId } = await runtime.start('order');
    await settleTicks();
    place.clock.advance(30 * day);
    const { steps } = await runtime.settled(executionId);
    expect(steps[0]?.output).toEqual({ item: 'it', by: null, reminders: 1 });
    await runtime.stop();
  });

  it('takes the end of the machine once, wherever the process is lost between that and the step', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const place = createPlace();
      const first = await place.open();
      const { executionId } = await first.start('order');
      await settleTicks();
      place.clock.advance(30 * day);
      await settleTicks(turns);
      const runtime = await place.restart();
      expect((await runtime.settled(executionId)).score).toBe(1);
      await settleTicks();
      expect(place.store.listAttempts((await place.store.getExecution(executionId))?.key ?? 0).filter(({ position }) => position === 0)).toMatchObject([{ status: 'completed' }]);
      expect(place.actor(`flow:${executionId}.review`)).toMatchObject({ status: 'done', wakeAt: null });
      await runtime.stop();
    }
  });

  it('fails with what the machine failed with', async () => {
    const place = createPlace([review({}), { id: 'empty', steps: [{ id: 'review', uses: 'machine:approval', with: { item: 'none' } }] }, { id: 'dates', steps: [{ id: 'made', uses: 'machine:dates' }] }], {
      machines: [approval, setup({}).createMachine({ id: 'dates', initial: 'end', states: { end: { type: 'final' } }, output: { at: Number.NaN } })],
    });
    const runtime = await place.open();
    const rejected = await runtime.start('order');
    await rejected.signal('reject', { reason: 'Too dear' });
    expect((await rejected.settled()).steps[0]).toMatchObject({ status: 'failed', reason: { code: 'rejected', message: 'Too dear', retryable: false } });
    expect(place.actor(`flow:${rejected.executionId}.review`)).toMatchObject({ status: 'error' });
    const empty = await (await runtime.start('empty')).settled();
    expect(empty.steps[0]).toMatchObject({ status: 'failed', reason: { code: 'machine_threw', message: 'Nothing to approve' } });
    const dates = await (await runtime.start('dates')).settled();
    expect(dates.steps[0]?.status).toBe('failed');
    expect(dates.steps[0]?.reason?.message).toContain('`output.at`');
    const stopped = await runtime.start('order');
    await settleTicks();
    await (await runtime.actor(`flow:${stopped.executionId}.review`)).stop();
    expect((await stopped.settled()).steps[0]).toMatchObject({ status: 'failed', reason: { code: 'machine_stopped' } });
    await runtime.stop();
  });

  it.each([
    ['the flow is cancelled', review({}), async (runtime: Runtime, id: string) => void (await runtime.cancel(id)), 'cancelled'],
    ['its time is over', review({ timeout: '2d' }), async (_: Runtime, __: string, clock: SimulatedClock) => clock.advance(2 * day), 'failed'],
    ['the time of the flow is over', review({}, { timeout: '2d' }), async (_: Runtime, __: string, clock: SimulatedClock) => clock.advance(2 * day), 'cancelled'],
  ])('stops the machine in the same commit when %s', async (_, source, work, status) => {
    const place = createPlace(source);
    const runtime = await place.open();
    const { executionId } = await runtime.start('order');
    await settleTicks();
    const seen: unknown[] = [];
    const { tables } = place.store;
    const commit = tables.commit.bind(tables);
    // In front of the tables: a store that answers later stands behind the records.
    tables.commit = writes => {
      const list = (table: string, column: string): unknown[] => writes.flatMap(({ shape, values }) => (shape.table.name === table ? values[shape.columns.indexOf(column)] : []));
      const states = list('journal', 'entries').flatMap(text => (JSON.parse(String(text)) as [string, object, string][]).flatMap(([address, , state]) => (address === 'review' ? state : [])));
      seen.push([states, list('actors', 'status')]);
      commit(writes);
    };
    await work(runtime, executionId, place.clock);
    expect((await runtime.settled(executionId)).steps[0]?.status).toBe(status);
    expect(seen).toContainEqual([[status], ['stopped']]);
    expect(place.actor(`flow:${executionId}.review`)).toMatchObject({ status: 'stopped', wakeAt: null });
    await runtime.stop();
  });

  it.each([{}, { for_each: [1, 2] }])('is cancelled, with its machines, when a strict flow halts: %o', async more => {
    const gate = createGate();
    const place = createPlace({ id: 'order', mode: 'strict', on_halt: 'finish', steps: [{ id: 'review', uses: 'machine:approval', ...more }, { id: 'bad', uses: 'tool:bad' }] } as FlowSource, {}, { bad: () => gate.promise });
    const runtime = await place.open();
    const { settled } = await runtime.start('order');
    await settleTicks();
    gate.fail(new Error('no'));
    expect((await settled()).steps.map(({ status }) => status)).toEqual(['cancelled', 'failed']);
    expect((await runtime.actors()).map(({ status }) => status)).toEqual('for_each' in more ? ['stopped', 'stopped'] : ['stopped']);
    await runtime.stop();
  });

  it('keeps to the limit of a list, over a restart', async () => {
    const place = createPlace(review({ for_each: '{% input.items %}', with: { item: '{% item %}' }, concurrency: 2 }, { concurrency: 1 }));
    let runtime = await place.open();
    const { executionId } = await runtime.start('order', { input: { items: ['a', 'b', 'c', 'd', 'e'] } });
    await settleTicks();
    const active = async (): Promise<string[]> => (await runtime.actors({ status: 'active' })).map(({ id }) => id.slice(id.lastIndexOf('.') + 1));
    expect(await active()).toEqual(['0', '1']);
    await runtime.signal(executionId, 'review[1]/approve', { by: 'b' });
    await settleTicks();
    expect(await active()).toEqual(['0', '2']);
    runtime = await place.restart();
    for (const [item, then] of [[2, ['0', '3']], [3, ['0', '4']], [0, ['4']]] as const) {
      await runtime.signal(executionId, `review[${item}]/approve`, { by: String(item) });
      await settleTicks();
      expect(await active()).toEqual(then);
    }
    await runtime.signal(executionId, 'approve', { by: 'last' });
    expect((await runtime.settled(executionId)).steps[0]?.output).toMatchObject([{ item: 'a', by: '0' }, { by: 'b' }, { by: '2' }, { by: '3' }, { item: 'e', by: 'last' }]);
    await runtime.stop();
  });

  it('completes without waiting for the actions of the last transition, which are done all the same', async () => {
    const gate = createGate();
    const last = setup({ actions: { tell: () => gate.promise } }).createMachine({ id: 'last', initial: 'on', states: { on: { on: { off: 'off' } }, off: { type: 'final', entry: 'tell' } }, output: 1 });
    const place = createPlace({ id: 'order', steps: [{ id: 'last', uses: 'machine:last' }] }, { machines: [last] });
    const runtime = await place.open();
    const { executionId, signal, settled } = await runtime.start('order');
    await signal('off');
    expect((await settled()).steps[0]?.output).toBe(1);
    const id = `flow:${executionId}.last`;
    expect(place.actor(id)).toMatchObject({ status: 'active', wakeAt: 0 });
    gate.open();
    await settleTicks();
    expect(place.actor(id)).toMatchObject({ status: 'done', wakeAt: null });
    await runtime.stop();
  });

  it('is completed by a runtime that stops, when the machine has ended', async () => {
    const place = createPlace();
    const runtime = await place.open();
    const { executionId } = await runtime.start('order');
    await settleTicks();
    place.clock.advance(30 * day);
    await Promise.resolve();
    await runtime.stop();
    const next = await place.restart();
    expect((await next.settled(executionId)).score).toBe(1);
    await next.stop();
  });

  it('has another actor in each generation, and one for each item', async () => {
    const place = createPlace(review({ for_each: '{% input.items %}', with: { item: '{% item %}' } }));
    const runtime = await place.open();
    const { executionId } = await runtime.start('order', { input: { items: ['a', 'b'] } });
    await settleTicks();
    const ids = async (): Promise<string[]> => (await runtime.actors({ status: 'active' })).map(({ id }) => id.replace(executionId, 'ID'));
    expect(await ids()).toEqual(['flow:ID.review.0', 'flow:ID.review.1']);
    await runtime.signal(executionId, 'reject', { reason: 'no' });
    await runtime.signal(executionId, 'reject', { reason: 'no' });
    expect((await runtime.settled(executionId)).steps[0]).toMatchObject({ status: 'failed' });
    const again = await runtime.retry(executionId);
    await settleTicks();
    expect(await ids()).toEqual(['flow:ID.review.0~2', 'flow:ID.review.1~2']);
    await runtime.signal(executionId, 'review[1]/approve', { by: 'Bob' });
    await settleTicks();
    expect(await ids()).toEqual(['flow:ID.review.0~2']);
    await runtime.signal(executionId, 'approve');
    expect((await again.settled()).steps[0]?.output).toMatchObject([{ item: 'a', by: 'somebody' }, { item: 'b', by: 'Bob' }]);
    await runtime.stop();
  });

  it('may be in a flow that another one started', async () => {
    const place = createPlace([{ id: 'parent', steps: [{ id: 'child', uses: 'flow:order' }] }, review({})]);
    const runtime = await place.open();
    const { executionId, settled } = await runtime.start('parent');
    await settleTicks();
    const child = `${executionId}.child`;
    expect((await runtime.actors()).map(({ id }) => id)).toEqual([`flow:${child}.review`]);
    await runtime.signal(child, 'approve', { by: 'Ada' });
    expect((await settled()).steps[0]?.output).toMatchObject({ outputs: { review: { by: 'Ada' } } });
    await runtime.stop();
  });

  it('is refused where its machine is missing, waits there listed, and can be cancelled', async () => {
    const place = createPlace(review({}));
    const first = await place.open();
    const { executionId } = await first.start('order');
    const { executionId: other } = await first.start('order');
    await settleTicks();
    const runtime = await place.restart({ machines: [] });
    await expect(runtime.start('order')).rejects.toMatchObject({ code: 'machine_unknown', message: expect.stringContaining('approval') });
    await runtime.signal(executionId, 'approve', { by: 'Ada' });
    expect((await runtime.list({ status: ['stepping'] })).find(one => one.executionId === executionId)?.status).toBe('stepping');
    expect(await runtime.cancel(other)).toBe(true);
    expect(place.actor(`flow:${other}.review`)).toMatchObject({ status: 'stopped', wakeAt: null });
    const complete = await place.restart();
    expect((await complete.settled(executionId)).steps[0]).toMatchObject({ status: 'completed', output: { by: 'Ada' } });
    await complete.stop();
  });

  it('leaves no flow in memory while it waits, however many wait', async () => {
    const place = createPlace(review({}));
    const first = await place.open();
    await Promise.all(Array.from({ length: 1_000 }, () => first.start('order')));
    await settleTicks();
    expect(first.health().activeFlows).toBe(0);
    const runtime = await place.restart();
    expect(runtime.health().activeFlows).toBe(0);
    expect((await runtime.actors({ status: 'active', limit: 2_000 })).length).toBe(1_000);
    await runtime.stop();
  });

  it('keeps ids of its own from those that people choose', async () => {
    const runtime = await createPlace().open();
    await expect(runtime.spawn(approval, { id: 'flow:mine', input: {} })).rejects.toMatchObject({ code: 'option_invalid' });
    await runtime.stop();
  });
});
