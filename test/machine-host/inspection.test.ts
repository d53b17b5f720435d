import fc from 'fast-check';
import type { AnyStateMachine, InspectionEvent } from 'xstate';
import { assign, fromPromise, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { InspectedTreeActor } from '../../src/kinds/actors/inspected-tree-actor.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { corpus } from './corpus/corpus.ts';
import { driveDurably } from './durable-driver.ts';
import { hearStory } from './inspected-story.ts';
import { driveLive } from './reference.ts';
import { scripts } from './script.ts';

const basket = setup({}).createMachine({ id: 'basket', context: { items: 1 }, initial: 'open', states: { open: { after: { 1_000: 'old' } }, old: {} } });
const shop = setup({
  types: {} as { context: { paid: unknown }; events: { type: 'pay' } | { type: 'keep' } },
  actors: { basket, charge: fromPromise(async () => 'r-1') },
}).createMachine({
  id: 'shop',
  context: { paid: null },
  invoke: { id: 'basket', src: 'basket' },
  initial: 'open',
  states: {
    open: { on: { pay: 'paying', keep: { actions: assign({ paid: () => new Map() }) } } },
    paying: { invoke: { id: 'charge', src: 'charge', onDone: { target: 'paid', actions: assign({ paid: ({ event }) => event.output }) } } },
    paid: {},
  },
});

/** Each line as often as it is among the others. */
function isIn(lines: readonly string[]): (line: string) => boolean {
  const left = [...lines];
  return line => left.includes(line) && left.splice(left.indexOf(line), 1).length === 1;
}

/** What a tool keeps of the events, as `@statelyai/inspect` turns them into messages for a window. */
class Drawing {
  readonly messages: { readonly type: string; readonly sessionId: string; readonly [key: string]: unknown }[] = [];
  readonly inspect = (event: InspectionEvent): void => {
    if (event.rootId === 'orchestrator') return;
    const actor = event.actorRef as unknown as InspectedTreeActor;
    const shared = { type: event.type.slice(8), rootId: event.rootId, sessionId: actor.sessionId };
    const more = event.type === '@xstate.actor'
      ? { parentId: actor._parent?.sessionId, definition: (actor.logic as AnyStateMachine).config && JSON.stringify((actor.logic as AnyStateMachine).config), snapshot: actor.getSnapshot() }
      : event.type === '@xstate.event' ? { event: event.event, sourceId: (event.sourceRef as InspectedTreeActor | undefined)?.sessionId }
      : event.type === '@xstate.action' ? { action: event.action } : { event: event.event, snapshot: event.snapshot };
    this.messages.push(JSON.parse(JSON.stringify({ ...shared, ...more })) as Drawing['messages'][number]);
  };

  /** `event order/charge done`, without incarnations. */
  get lines(): string[] {
    return this.messages.map(({ type, sessionId, ...more }) => {
      const { event, snapshot, sourceId } = more as { event?: { type: string }; snapshot?: { value?: unknown; status: string }; sourceId?: string };
      const what = type === 'actor' ? '' : type === 'event' ? ` ${event?.type}${sourceId === undefined ? '' : ` from ${toPath(sourceId)}`}` : ` ${String(snapshot?.value ?? snapshot?.status ?? '')}`;
      return `${type} ${toPath(sessionId)}${what}`.trimEnd();
    }).filter(line => !/^(action|microstep) /.test(line));
  }
}

const toPath = (session: string): string => session.replace(/#.*/, '');

async function open(store: Records, drawing: { readonly inspect: (event: InspectionEvent) => void }, clock = new SimulatedClock()): Promise<Runtime> {
  const runtime = await createRuntime({ store, clock, machines: [shop], inspect: drawing.inspect });
  await settleTicks();
  return runtime;
}

describe('the inspection of hosted machines', () => {
  it.each(corpus.map(entry => [entry.name, entry] as const))('tells of each actor what XState tells: %s', async (_name, entry) => {
    await fc.assert(fc.asyncProperty(scripts(entry), async script => {
      const [own, live] = [await hearStory(driveDurably, entry, script), await hearStory(driveLive, entry, script)];
      expect(own.faults).toEqual([]);
      expect([...own.lines.keys()]).toEqual([...live.lines.keys()]);
      for (const [actor, lines] of live.lines) {
        const told = own.lines.get(actor) ?? [];
        if (!own.hasCallback) expect(told).toEqual(lines);
        // What a callback answers at once comes in a later tick here: the same is told of each actor, in another order.
        else expect(told.toSorted().filter(isIn(own.broken.has(actor) ? lines : told))).toEqual(lines.toSorted());
      }
    }), { numRuns: 1 });
  });

  it('has all that a tool needs to draw a tree, as JSON', async () => {
    const drawing = new Drawing();
    const runtime = await open(createMemoryStore(), drawing);
    await (await runtime.spawn(shop, { id: 'order' })).send({ type: 'pay' });
    await settleTicks();
    const actors = drawing.messages.filter(({ type }) => type === 'actor');
    const [root, child, promise] = actors as unknown as { sessionId: string; parentId?: string; rootId: string; definition?: string; snapshot: { value?: unknown; status: string } }[];
    expect(actors.map(({ sessionId }) => toPath(sessionId))).toEqual(['order', 'order/basket', 'order/charge']);
    expect(new Set(actors.map(({ sessionId }) => sessionId)).size).toBe(3);
    expect(new Set(drawing.messages.map(({ rootId }) => rootId))).toEqual(new Set([root?.sessionId]));
    expect([root?.parentId, child?.parentId, promise?.parentId]).toEqual([undefined, root?.sessionId, root?.sessionId]);
    expect(JSON.parse(root?.definition ?? '')).toMatchObject({ id: 'shop', states: { open: {}, paying: {}, paid: {} } });
    expect(JSON.parse(child?.definition ?? '')).toMatchObject({ id: 'basket', initial: 'open' });
    expect(promise?.definition).toBeUndefined();
    // As it was when it was announced, not as it is by then.
    expect([root?.snapshot.value, child?.snapshot.value, promise?.snapshot.status]).toEqual(['open', 'open', 'active']);
    expect(drawing.lines).toEqual([
      'actor order', 'actor order/basket', 'event order xstate.init', 'event order/basket xstate.init from order', 'snapshot order/basket open', 'snapshot order open',
      'event order pay', 'actor order/charge', 'event order/charge xstate.init from order', 'snapshot order/charge active', 'snapshot order paying',
      'event order/charge xstate.promise.resolve from order/charge', 'event order xstate.done.actor.charge from order/charge', 'snapshot order paid', 'snapshot order/charge done',
    ]);
    await runtime.stop();
  });

  it('announces the actors of a tree that was read back, where they stand and under the sessions they had', async () => {
    const [before, after] = [new Drawing(), new Drawing()];
    const store = createMemoryStore();
    const clock = new SimulatedClock();
    const first = await open(store, before, clock);
    await first.spawn(shop, { id: 'order' });
    await first.stop();
    clock.advance(5_000);
    const second = await open((store as unknown as { reopen(): Records }).reopen(), after, clock);
    await settleTicks();
    expect(after.lines).toEqual([
      'actor order', 'event order xstate.init', 'snapshot order open', 'actor order/basket', 'event order/basket xstate.init from order', 'snapshot order/basket open',
      'event order/basket xstate.after.1000.basket.open from order/basket', 'snapshot order/basket old',
    ]);
    const sessions = ({ messages }: Drawing): Set<string> => new Set(messages.map(({ sessionId }) => sessionId));
    expect(sessions(after)).toEqual(sessions(before));
    await second.stop();
  });

  it('tells nothing before the commit, of a commit that failed, and of an event that was refused', async () => {
    const drawing = new Drawing();
    const store = createMemoryStore();
    let fails = false;
    let inCommit: number | undefined;
    const commit = store.commit.bind(store);
    store.commit = (batch: CommitBatch) => {
      if (fails) throw new Error('the disk is full');
      const count = drawing.messages.length;
      commit(batch);
      inCommit = drawing.messages.length - count;
    };
    const runtime = await open(store, drawing);
    const actor = await runtime.spawn(shop, { id: 'order' });
    expect(inCommit).toBe(0);
    const { length } = drawing.messages;
    expect(length).toBeGreaterThan(0);
    await expect(actor.send({ type: 'keep' })).rejects.toMatchObject({ code: 'actor_value_not_json' });
    expect(drawing.messages).toHaveLength(length);
    fails = true;
    await expect(actor.send({ type: 'pay' })).rejects.toThrow('the disk is full');
    expect(drawing.messages).toHaveLength(length);
    await runtime.stop();
  });

  it('tells of an action that throws in a snapshot of its own, and not of what reaches an actor after its end', async () => {
    const drawing = new Drawing();
    const weak = setup({ actions: { slip: () => { throw new Error('slipped'); } } }).createMachine({ id: 'weak', initial: 'a', states: { a: { on: { go: { target: 'b', actions: 'slip' } } }, b: {} } });
    const runtime = await open(createMemoryStore(), drawing);
    const actor = await runtime.spawn(weak, { id: 'w' });
    actor.subscribe({ error: () => {} });
    await actor.send({ type: 'go' });
    await settleTicks();
    expect(drawing.lines.slice(3)).toEqual(['event w go', 'snapshot w b', 'snapshot w b']);
    expect(drawing.messages.at(-1)).toMatchObject({ event: { type: 'xstate.error' }, snapshot: { status: 'error' } });
    const { length } = drawing.messages;
    expect(await actor.send({ type: 'go' })).toBe(false);
    expect(drawing.messages).toHaveLength(length);
    await runtime.stop();
  });

  it('is for watching: who throws stops nothing, who sends is refused', async () => {
    const refused: unknown[] = [];
    const inspect = ({ actorRef }: InspectionEvent): void => {
      try {
        (actorRef as unknown as InspectedTreeActor).send();
      } catch (error) {
        refused.push((error as { code: string }).code);
      }
      throw new Error('a bug in a tool');
    };
    const runtime = await open(createMemoryStore(), { inspect });
    const actor = await runtime.spawn(shop, { id: 'order' });
    await actor.send({ type: 'pay' });
    await settleTicks();
    expect(actor.getSnapshot()).toMatchObject({ value: 'paid', context: { paid: 'r-1' } });
    expect(new Set(refused)).toEqual(new Set(['inspection_read_only']));
    await runtime.stop();
  });
});
