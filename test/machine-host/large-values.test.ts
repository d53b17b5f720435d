import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import type { ActorRecord } from '../../persistence/actor-store.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createPlace } from './place.ts';
import { tellApart } from './tell-apart.ts';

interface Board {
  readonly first: number;
  rows: { id: number; title: string; done?: boolean | undefined }[] | undefined;
  readonly last: string;
}
type Moves = { type: 'count' } | { type: 'add' } | { type: 'tick'; at: number } | { type: 'drop' } | { type: 'say'; text: string };

const toRows = (count: number) => Array.from({ length: count }, (_, id) => ({ id, title: `Row number ${id} of the list` }));

const board = setup({ types: {} as { context: Board; events: Moves } }).createMachine({
  id: 'board',
  context: { first: 0, rows: toRows(100), last: 'end' },
  on: {
    count: { actions: assign({ first: ({ context }) => context.first + 1 }) },
    add: { actions: assign({ rows: ({ context }) => [...(context.rows ?? []), { id: 100, title: 'One more' }] }) },
    // In place, and given back as the object it was.
    tick: { actions: assign({ rows: ({ context: { rows }, event }) => {
      if (rows?.[event.at]) rows[event.at]!.done = !rows[event.at]!.done;
      return rows;
    } }) },
    drop: { actions: assign({ rows: undefined }) },
    say: { actions: assign({ last: ({ event }) => event.text }) },
  },
});

function openWatched() {
  const store = createMemoryStore();
  const commits: NonNullable<CommitBatch['actors']>[] = [];
  const commit = store.commit.bind(store);
  store.commit = batch => {
    if (batch.actors) commits.push(batch.actors);
    return commit(batch);
  };
  return { store, commits };
}

const partsOf = ({ parts = [] }: NonNullable<CommitBatch['actors']> = { machines: [] } as never): string[] => parts.map(({ part }) => part.replace(/x:[^:]+/, 'x'));

describe('a large value of a context', () => {
  it('is stored beside the rest, and again only when it has changed', async () => {
    const { store, commits } = openWatched();
    const runtime = await createRuntime({ store, machines: [board], clock: new SimulatedClock() });
    const actor = await runtime.spawn(board, { id: 'b' });
    expect(partsOf(commits.at(-1))).toEqual(['v:x:rows']);
    await actor.send({ type: 'count' });
    expect(partsOf(commits.at(-1))).toEqual([]);
    expect(commits.at(-1)?.progress?.[0]?.tree.length).toBeLessThan(400);
    await actor.send({ type: 'add' });
    expect(partsOf(commits.at(-1))).toEqual(['v:x:rows']);
    await actor.send({ type: 'drop' });
    expect([partsOf(commits.at(-1)), commits.at(-1)?.removedParts]).toEqual([[], [{ actorId: 'b', part: expect.stringMatching(/^v:.*:rows$/) as string }]]);
    await runtime.stop();
  });

  it('is stored again when it was changed in place', async () => {
    const place = createPlace({ machines: [board] });
    await (await (await place.open()).spawn(board, { id: 'b' })).send({ type: 'count' });
    for (const at of [7, 99, 7]) {
      const actor = await (await place.open()).actor<typeof board>('b');
      await actor.send({ type: 'count' });
      await actor.send({ type: 'tick', at });
      const { rows } = actor.getSnapshot().context;
      await place.close();
      expect((await (await place.open()).actor<typeof board>('b')).getSnapshot().context.rows).toEqual(rows);
      await place.close();
    }
  });

  it('comes back to its place among the keys', async () => {
    const place = createPlace({ machines: [board] });
    await (await place.open()).spawn(board, { id: 'b' });
    await place.close();
    const { context } = (await (await place.open()).actor<typeof board>('b')).getSnapshot();
    expect(Object.keys(context)).toEqual(['first', 'rows', 'last']);
    expect(context.rows).toEqual(toRows(100));
    await place.close();
  });

  it('that 0.3.0 stored with the rest is gone on with', async () => {
    const { store, commits } = openWatched();
    const first = await createRuntime({ store, machines: [board], clock: new SimulatedClock() });
    await first.spawn(board, { id: 'b' });
    await first.stop();
    const [row] = (commits[0] as { readonly put: readonly [ActorRecord] }).put;
    const tree = JSON.parse(row.tree) as { parts: number; root: { snapshot: { context: object } } };
    tree.root.snapshot.context = { first: 0, rows: toRows(100), last: 'end' };
    tree.parts = 0;
    const older = createMemoryStore();
    older.acquire({ pid: 1, hostname: 'here', startedAt: 0 } as never);
    older.commit({ definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] }, actors: { ...(commits[0] as object), put: [{ ...row, tree: JSON.stringify(tree) }], parts: [], journal: [] } as never });
    await older.close();
    let left = older.reopen();
    for (const counted of [1, 2]) {
      const runtime = await createRuntime({ store: left, machines: [board], clock: new SimulatedClock() });
      const actor = await runtime.actor<typeof board>('b');
      await actor.send({ type: 'count' });
      expect(actor.getSnapshot().context).toEqual({ first: counted, rows: toRows(100), last: 'end' });
      await runtime.stop();
      left = left.reopen();
    }
  });

  it('goes with the child that had it', async () => {
    const parent = setup({ actors: { board } }).createMachine({ id: 'parent', initial: 'with', states: { with: { invoke: { id: 'c', src: 'board' }, on: { off: 'without' } }, without: {} } });
    const place = createPlace({ machines: [parent] });
    const actor = await (await place.open()).spawn(parent, { id: 'p' });
    expect(await place.store.actors?.listActorParts('p', '', 10)).toHaveLength(2);
    await actor.send({ type: 'off' });
    expect(await place.store.actors?.listActorParts('p', '', 10)).toEqual([]);
    await place.close();
  });

  it('is what it is live, whatever becomes of it, after every restart', async () => {
    const value: fc.Arbitrary<unknown> = fc.oneof(
      fc.constantFrom(undefined, NaN, -0, 0, null, 12n, { flowstone$part: 1 }, { flowstone$value: 'undefined' }),
      fc.array(fc.oneof(fc.constantFrom(undefined, NaN, -0, 'x'), fc.string()), { minLength: 0, maxLength: 3 }),
      fc.integer({ min: 0, max: 3 }).map(size => Array.from({ length: 400 * size }, (_, index) => index)),
      fc.integer({ min: 900, max: 1_200 }).map(size => 'y'.repeat(size)),
      fc.record({ deep: fc.record({ list: fc.constant(Array.from({ length: 300 }, () => ({ a: undefined, b: -0 }))) }) }),
    );
    const key = fc.constantFrom('a', 'b', 'c', 'flowstone$part', 'v:x');
    const holder = setup({ types: {} as { context: Record<string, unknown>; events: { type: 'put'; key: string; value: unknown } } }).createMachine({
      id: 'holder', context: { a: 1 }, on: { put: { actions: assign(({ event }) => ({ [event.key]: event.value })) } },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 8 }), async puts => {
        const place = createPlace({ machines: [holder] });
        const expected: Record<string, unknown> = { a: 1 };
        await (await place.open()).spawn(holder, { id: 'h' });
        for (const [name, given] of puts) {
          const actor = await (await place.open()).actor<typeof holder>('h');
          await actor.send({ type: 'put', key: name, value: given });
          await actor.send({ type: 'put', key: 'n', value: 1 });
          Object.assign(expected, { [name]: given, n: 1 });
          await place.close();
          const { context } = (await (await place.open()).actor<typeof holder>('h')).getSnapshot();
          expect([Object.keys(context), tellApart(context)]).toEqual([Object.keys(expected), tellApart(expected)]);
          await place.close();
        }
      }),
      { numRuns: 60, seed: 17 },
    );
  });
});
