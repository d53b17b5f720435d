import { describe, expect, it } from 'vitest';
import type { AnyActorRef } from 'xstate';
import { assign, createActor, createMachine, enqueueActions, spawnChild } from 'xstate';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const valueOf = (self: AnyActorRef): unknown => (self.getSnapshot() as { value: unknown }).value;

describe('a custom action', () => {
  it('is not seen by the assignments of its event, which live machines do see: nothing acts before it is stored', async () => {
    let box = 0;
    const build = () => createMachine({
      id: 'm', context: { n: 0 }, initial: 'a',
      states: { a: { on: { GO: { target: 'b', actions: [() => void (box = 7), assign({ n: () => box })] } } }, b: {} },
    });
    const live = createActor(build()).start();
    live.send({ type: 'GO' });
    expect([live.getSnapshot().context.n, box]).toEqual([7, 7]);
    box = 0;
    const place = openPlace();
    const actor = await (await place.open()).spawn(build(), { id: 'm' });
    await actor.send({ type: 'GO' });
    await settleTicks();
    expect([actor.getSnapshot().context.n, box]).toEqual([0, 7]);
    await place.close();
  });

  it('sees of its own actor what it sees live: where that was before the event', async () => {
    let seen: unknown[] = [];
    const note = (where: string) => ({ self, context }: { self: AnyActorRef; context: { n: number } }): void => void seen.push([where, self.id, valueOf(self), (self.getSnapshot() as { context: { n: number } }).context.n, context.n]);
    const more = assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 });
    const child = createMachine({ id: 'child', context: { n: 0 }, initial: 'x', entry: note('child root'), states: { x: { entry: [more, note('in x')], on: { GO: 'y' } }, y: { entry: note('in y') } } });
    const build = () => createMachine({
      id: 'm', context: { n: 0 }, initial: 'a', entry: note('root'),
      states: {
        a: { entry: note('in a'), exit: [note('out of a')], on: { GO: { target: 'b', actions: [more, note('go'), enqueueActions(({ enqueue }) => enqueue(note('queued')))] } } },
        b: { entry: [note('in b'), spawnChild(child, { id: 'child' })], always: { target: 'c', actions: [more, note('always')] } },
        c: { entry: note('in c'), on: { GO: { actions: [note('again'), more] } } },
      },
    });
    const live = createActor(build(), { id: 'm' }).start();
    for (const type of ['GO', 'GO'] as const) live.send({ type });
    const expected = seen;
    seen = [];
    const place = openPlace();
    const actor = await (await place.open()).spawn(build(), { id: 'm' });
    for (const type of ['GO', 'GO'] as const) await actor.send({ type });
    await settleTicks();
    expect(seen).toEqual(expected);
    expect(expected).toContainEqual(['in c', 'm', 'a', 0, 2]);
    await place.close();
  });

  it('sees where its actor is as soon as it has waited for something, as live', async () => {
    const seen: unknown[] = [];
    const later = async ({ self }: { self: AnyActorRef }): Promise<void> => {
      seen.push(valueOf(self));
      await Promise.resolve();
      seen.push(valueOf(self));
    };
    const build = () => createMachine({ id: 'm', initial: 'a', states: { a: { on: { GO: { target: 'b', actions: later as never } } }, b: {} } });
    createActor(build()).start().send({ type: 'GO' });
    await settleTicks();
    const place = openPlace();
    await (await (await place.open()).spawn(build(), { id: 'm' })).send({ type: 'GO' });
    await settleTicks();
    expect(seen).toEqual(['a', 'b', 'a', 'b']);
    await place.close();
  });
});
