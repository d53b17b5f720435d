import { assign, fromPromise, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { MemoryRecords } from '../../src/open-records.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createGate, settleTicks } from '../runtime/open-runtime.ts';
import { createTaintingStore, stores } from './tainting-store.ts';

const others = 200;

interface Context {
  readonly name: string;
  readonly notes: readonly string[];
}

/** What became of actors outside them, by name. */
interface Seen {
  readonly acted: Map<string, number>;
  readonly begun: Map<string, number>;
  /** Lets the promises end. */
  readonly open: () => void;
}

const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** Takes notes, does something for each, waits for a promise, and notes that a second has passed. */
function createNotes() {
  const gate = createGate();
  const seen: Seen = { acted: new Map(), begun: new Map(), open: () => gate.open() };
  const machine = setup({
    types: {} as { context: Context; input: { name: string }; events: { type: 'note'; text: string } },
    actors: {
      work: fromPromise<void, { name: string }>(async ({ input: { name } }) => {
        count(seen.begun, name);
        await gate.promise;
      }),
    },
    actions: { act: ({ context: { name } }) => count(seen.acted, name) },
  }).createMachine({
    id: 'notes', version: '1', initial: 'open',
    context: ({ input: { name } }) => ({ name, notes: [] }),
    invoke: { src: 'work', input: ({ context: { name } }) => ({ name }) },
    on: {
      note: {
        actions: [assign({
          notes: ({ context, event }) => {
            if (event.text === `${context.name} throws`) throw new TypeError('the action is broken');
            return [...context.notes, event.text];
          },
        }), 'act'],
      },
    },
    states: {
      open: { after: { 1_000: { target: 'late', actions: assign({ notes: ({ context }) => [...context.notes, `${context.name} late`] }) } } },
      late: {},
    },
  });
  return { machine, seen };
}

const nameOf = (index: number): string => `a${index}-`;

async function openNotes(store: Records, clock = new SimulatedClock()) {
  const { machine, seen } = createNotes();
  const runtime = await createRuntime({ store, clock, listen: false, machines: [machine] });
  const spawn = (index: number) => runtime.spawn(machine, { id: nameOf(index), input: { name: nameOf(index) } });
  return { runtime, clock, machine, seen, spawn };
}

const statusOf = async (runtime: Runtime, id: string): Promise<string> => (await runtime.actors({ limit: 1_000 })).find(actor => actor.id === id)?.status ?? 'none';

describe.each(stores)('a tick of actors over a store $name', ({ open }) => {
  it('refuses one that cannot be stored to whoever spawns it, alone', async () => {
    const { store, tainted } = createTaintingStore(open());
    const { runtime, seen, spawn } = await openNotes(store);
    tainted.add(nameOf(77));
    const spawned = await Promise.allSettled(Array.from({ length: others }, (_, index) => spawn(index)));
    expect(spawned.flatMap(({ status }, index) => (status === 'rejected' ? index : []))).toEqual([77]);
    await settleTicks();
    expect(seen.begun.size).toBe(others - 1);
    expect([...seen.begun.values()].every(times => times === 1)).toBe(true);
    expect(await runtime.actors({ limit: 1_000 })).toHaveLength(others - 1);
    // Nothing of it is left behind: the id is free.
    tainted.clear();
    expect((await spawn(77)).getSnapshot().context.notes).toEqual([]);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('refuses an event whose commit is refused to its sender, alone, and begins no promise twice', async () => {
    const { store, tainted } = createTaintingStore(open());
    const { runtime, seen, spawn } = await openNotes(store);
    const actors = await Promise.all(Array.from({ length: others }, (_, index) => spawn(index)));
    await settleTicks();
    tainted.add('forbidden');
    const sent = await Promise.allSettled(actors.map((actor, index) => actor.send({ type: 'note', text: index === 77 ? 'forbidden' : 'good' })));
    expect(sent.flatMap(({ status }, index) => (status === 'rejected' ? index : []))).toEqual([77]);
    await settleTicks();
    expect(seen.acted.size).toBe(others - 1);
    expect([...seen.acted.values()].every(times => times === 1)).toBe(true);
    expect([...seen.begun.values()].every(times => times === 1)).toBe(true);
    // It is as it was before, and goes on.
    await actors[77]?.send({ type: 'note', text: 'better' });
    await settleTicks();
    expect(actors.map(actor => actor.getSnapshot().context.notes)).toEqual(actors.map((_, index) => [index === 77 ? 'better' : 'good']));
    expect(runtime.health().status).toBe('running');
    await runtime.stop({ timeoutMs: 0 });
  });

  it('ends one whose delayed event cannot be stored with the error, alone', async () => {
    const { store, tainted } = createTaintingStore(open());
    const { runtime, clock, seen, spawn } = await openNotes(store);
    const actors = await Promise.all(Array.from({ length: others }, (_, index) => spawn(index)));
    await settleTicks();
    tainted.add(`${nameOf(77)} late`);
    clock.advance(1_000);
    await settleTicks(60);
    expect(actors.flatMap((actor, index) => (actor.getSnapshot().value === 'late' ? [] : index))).toEqual([77]);
    expect(actors[77]?.getSnapshot()).toMatchObject({ status: 'error', error: expect.objectContaining({ code: expect.any(String) as string }) as unknown });
    expect(await statusOf(runtime, nameOf(77))).toBe('error');
    expect([...seen.begun.values()].every(times => times === 1)).toBe(true);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('leaves one that cannot even end as it is stored, until the next runtime', async () => {
    const inner = open();
    const { store, tainted } = createTaintingStore(inner);
    const { runtime, clock, spawn } = await openNotes(store);
    const actors = await Promise.all(Array.from({ length: others }, (_, index) => spawn(index)));
    await settleTicks();
    tainted.add(nameOf(77));
    clock.advance(1_000);
    await settleTicks(60);
    expect(actors.filter(actor => actor.getSnapshot().value === 'late')).toHaveLength(others - 1);
    expect(await statusOf(runtime, nameOf(77))).toBe('active');
    // Nobody else waits for it.
    await actors[78]?.send({ type: 'note', text: 'good' });
    expect(actors[78]?.getSnapshot().context.notes).toEqual([`${nameOf(78)} late`, 'good']);
    expect(runtime.health().status).toBe('running');
    tainted.clear();
    await runtime.stop({ timeoutMs: 0 });
    if (!('tables' in inner && 'reopen' in inner)) return;
    const next = await openNotes((inner as MemoryRecords).reopen(), clock);
    await settleTicks();
    expect((await next.runtime.actor<typeof next.machine>(nameOf(77))).getSnapshot()).toMatchObject({ value: 'late', status: 'active' });
    await next.runtime.stop({ timeoutMs: 0 });
  });

  it('ends one whose machine throws with what it threw, alone', async () => {
    const { runtime, seen, spawn } = await openNotes(open());
    const actors = await Promise.all(Array.from({ length: others }, (_, index) => spawn(index)));
    await settleTicks();
    await Promise.allSettled(actors.map((actor, index) => actor.send({ type: 'note', text: index === 77 ? `${nameOf(77)} throws` : 'good' })));
    await settleTicks();
    expect(actors.flatMap((actor, index) => (actor.getSnapshot().status === 'active' ? [] : index))).toEqual([77]);
    expect(actors[77]?.getSnapshot()).toMatchObject({ status: 'error', error: { message: 'the action is broken' } });
    expect([seen.acted.size, [...seen.acted.values()].every(times => times === 1)]).toEqual([others - 1, true]);
    seen.open();
    await settleTicks();
    expect([...seen.begun.values()].every(times => times === 1)).toBe(true);
    await runtime.stop({ timeoutMs: 0 });
  });
});
