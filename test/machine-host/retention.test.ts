import type { ActorRefFrom } from 'xstate';
import { fromPromise, sendTo, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { ActorReader } from '../../persistence/actor-store.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { idempotencyKeyOf } from '../../src/kinds/actors/idempotency-key.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openRecords } from '../../persistence/records/open-records.ts';

const day = 86_400_000;
const effects: string[] = [];
const keys: string[] = [];
const job = setup({
  types: {} as { events: { type: 'tick' } | { type: 'end' } },
  actors: { work: fromPromise(({ self }) => Promise.resolve(void keys.push(idempotencyKeyOf(self)))) },
  actions: { note: (info: unknown) => void effects.push((info as { effectId: string }).effectId) },
}).createMachine({ id: 'job', context: {}, invoke: { src: 'work', id: 'work' }, initial: 'on', states: { on: { entry: 'note', on: { tick: {}, end: 'off' } }, off: { type: 'final' } } });

async function open(options: Partial<RuntimeOptions> = {}): Promise<{ runtime: Runtime; clock: SimulatedClock; store: Records; actors: ActorReader }> {
  const store = options.store ? openRecords(options.store) : createMemoryStore();
  const clock = new SimulatedClock();
  const runtime = await createRuntime({ machines: [job], retentionMs: 10 * day, ...options, store, clock });
  await settleTicks();
  return { runtime, clock, store, actors: store.actors as ActorReader };
}

const pass = async (clock: SimulatedClock, ms: number): Promise<void> => {
  clock.advance(ms);
  await settleTicks();
  clock.advance(60_000);
  await settleTicks();
};
const listIds = async (runtime: Runtime): Promise<string> => (await runtime.actors()).map(({ id }) => id).join('');

describe('the retention of actors', () => {
  it('deletes settled ones once they are old enough, and nothing else', async () => {
    const { runtime, clock, actors } = await open();
    for (const id of ['a', 'b', 'c']) await runtime.spawn(job, { id });
    await (await runtime.actor('a')).send({ type: 'end' });
    await pass(clock, 6 * day);
    await (await runtime.actor('b')).stop();
    await pass(clock, 5 * day);
    expect(await listIds(runtime)).toBe('bc');
    expect(await actors.readActorJournal('a', 0, 10)).toEqual([]);
    await pass(clock, 6 * day);
    expect(await listIds(runtime)).toBe('c');
    await runtime.stop();
  });

  it('keeps what settles when it is told to', async () => {
    const { runtime, clock, actors } = await open({ retentionMs: null });
    await (await runtime.spawn(job, { id: 'a' })).send({ type: 'end' });
    await pass(clock, 1_000 * day);
    expect(await listIds(runtime)).toBe('a');
    expect(await actors.readActorJournal('a', 0, 10)).not.toEqual([]);
    await runtime.stop();
  });

  it('bounds the journal of an actor that lives on, and leaves it as it is', async () => {
    const { runtime, clock, actors } = await open();
    const actor = await runtime.spawn(job, { id: 'a' });
    for (let week = 0; week < 8; week++) {
      await actor.send({ type: 'tick' });
      await pass(clock, 7 * day);
    }
    const times = (await actors.readActorJournal('a', 0, 1_000)).map(({ at }) => clock.now() - at);
    expect(times.length).toBeGreaterThan(0);
    expect(Math.max(...times)).toBeLessThanOrEqual(10 * day + 60_000);
    expect(await actor.send({ type: 'end' })).toBe(true);
    expect(actor.getSnapshot().status).toBe('done');
    await runtime.stop();
  });

  it('deletes many in chunks, each with its own commit', async () => {
    const store = createMemoryStore();
    const chunks: number[] = [];
    const commit = store.commit.bind(store);
    store.commit = (batch: CommitBatch) => {
      const { removed = [] } = batch.actors ?? {};
      if (removed.length > 0) chunks.push(removed.length);
      commit(batch);
    };
    const { runtime, clock } = await open({ store });
    await Promise.all(Array.from({ length: 120 }, async (_, index) => (await runtime.spawn(job, { id: `a${index}` })).send({ type: 'end' })));
    await pass(clock, 11 * day);
    expect(chunks).toEqual([50, 50, 20]);
    expect(await runtime.actors()).toEqual([]);
    await runtime.stop();
  });

  it('leaves a handle what it showed last, and takes nothing from it for an actor that is spawned again under the id', async () => {
    const { runtime, clock } = await open();
    const first = await runtime.spawn(job, { id: 'a' });
    await settleTicks();
    await first.send({ type: 'end' });
    await pass(clock, 11 * day);
    expect(first.getSnapshot()).toMatchObject({ status: 'done', value: 'off' });
    expect(await first.send({ type: 'end' })).toBe(false);
    await expect(runtime.actor('a')).rejects.toMatchObject({ code: 'actor_not_found' });
    const second = await runtime.spawn(job, { id: 'a' });
    await settleTicks();
    expect(second).not.toBe(first);
    expect(second.getSnapshot()).toMatchObject({ status: 'active', value: 'on' });
    expect(await first.send({ type: 'end' })).toBe(false);
    expect(await first.stop()).toBe(false);
    expect(first.getSnapshot().value).toBe('off');
    expect(second.getSnapshot().value).toBe('on');
    expect(second.sessionId).not.toBe(first.sessionId);
    await runtime.stop();
  });

  it('delivers nothing that another actor sends to the earlier one', async () => {
    const boss = setup({ types: {} as { context: { job: ActorRefFrom<typeof job> }; input: { job: ActorRefFrom<typeof job> }; events: { type: 'go' } } }).createMachine({
      id: 'boss', context: ({ input }) => ({ job: input.job }), on: { go: { actions: sendTo(({ context }) => context.job, { type: 'end' }) } },
    });
    const { runtime, clock, actors } = await open({ machines: [job, boss] });
    const first = await runtime.spawn(job, { id: 'a' });
    const old = await runtime.spawn(boss, { id: 'old', input: { job: first } });
    await first.send({ type: 'end' });
    await pass(clock, 11 * day);
    const second = await runtime.spawn(job, { id: 'a' });
    await old.send({ type: 'go' });
    await settleTicks();
    expect(second.getSnapshot().value).toBe('on');
    // Nobody is left to take it: it is on its way no more.
    expect((await actors.getActor('old'))?.tree).not.toContain('"open"');
    await (await runtime.spawn(boss, { id: 'new', input: { job: second } })).send({ type: 'go' });
    await settleTicks();
    expect(second.getSnapshot().value).toBe('off');
    await runtime.stop();
  });

  it('lets no key or effect of an actor be that of an earlier one under its id', async () => {
    const store = createMemoryStore();
    keys.length = 0;
    effects.length = 0;
    const { runtime, clock } = await open({ store });
    for (let life = 0; life < 3; life++) {
      await (await runtime.spawn(job, { id: 'a' })).send({ type: 'end' });
      await settleTicks();
      await pass(clock, 11 * day);
    }
    expect(new Set(keys)).toHaveLength(3);
    expect(new Set(effects)).toHaveLength(3);
    for (const key of keys) expect(key).toMatch(/^a\/work#[0-9a-z]+\.2$/);
    for (const effect of effects) expect(effect).toMatch(/^a@[0-9a-z]+\.\d+:0$/);
    await runtime.stop();
  });

  it('leaves one that is spoken to in the tick in which it was to go until the next time', async () => {
    const { runtime, clock } = await open();
    const first = await runtime.spawn(job, { id: 'a' });
    await first.send({ type: 'end' });
    clock.advance(11 * day);
    // The tick of the round has both.
    const again = runtime.spawn(job, { id: 'a' });
    await settleTicks();
    expect((await again).sessionId).toBe(first.sessionId);
    await pass(clock, 60_000);
    expect(await runtime.actors()).toEqual([]);
    await runtime.stop();
  });
});
