import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { of, Subject } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventObject } from 'xstate';
import { assign, fromCallback, fromObservable, sendTo, setup } from 'xstate';
import { pino } from 'pino';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';
import { createListener } from './services-machine.ts';

/** A callback that can be watched, and a machine that has it while it is `on`. */
function createEar({ cleanup = () => {} }: { readonly cleanup?: () => void } = {}) {
  const seen: string[] = [];
  const ear = { seen, speak: (_: EventObject): void => {}, emit: (_: EventObject): void => {} };
  const listen = fromCallback<EventObject, string>(({ input, sendBack, receive, emit }) => {
    seen.push(`begins with ${input}`);
    Object.assign(ear, { speak: sendBack, emit });
    receive(event => seen.push(`hears ${event.type}`));
    return () => {
      seen.push('ends');
      cleanup();
    };
  });
  const machine = setup({ actors: { listen }, types: {} as { context: { n: number; junk: unknown }; events: { type: 'tick' } | { type: 'tell' } | { type: 'off' } | { type: 'on' } | { type: 'spoil' } } }).createMachine({
    id: 'ear',
    context: { n: 0, junk: null },
    initial: 'on',
    states: {
      on: {
        invoke: { src: 'listen', id: 'ear', input: 'both' },
        after: { 60_000: { actions: sendTo('ear', { type: 'late' }) } },
        on: { tick: { actions: assign({ n: ({ context }) => context.n + 1 }) }, tell: { actions: sendTo('ear', { type: 'hello' }) }, off: 'off', spoil: { actions: assign({ junk: () => new Map() }) } },
      },
      off: { on: { on: 'on' } },
    },
  });
  return { ear, machine, seen };
}

describe('a callback', () => {
  it('has begun again before it is sent what fell due while nothing ran', async () => {
    const { machine, seen } = createEar();
    const place = openPlace({ machines: [machine] });
    await (await place.open()).spawn(machine, { id: 'e' });
    await place.close();
    place.clock.advance(70_000);
    const runtime = await place.open();
    expect(seen).toEqual(['begins with both', 'ends', 'begins with both', 'hears late']);
    await runtime.stop();
  });

  it('does not begin when its state is left before the commit', async () => {
    const { machine, seen } = createEar();
    const runtime = await openPlace({ machines: [machine] }).open();
    const actor = await runtime.spawn(machine, { id: 'e' });
    await actor.send({ type: 'off' });
    seen.length = 0;
    await Promise.all([actor.send({ type: 'on' }), actor.send({ type: 'tell' }), actor.send({ type: 'off' })]);
    expect(seen).toEqual([]);
    await runtime.stop();
  });

  it('reaches nobody with what it says after it was stopped', async () => {
    const { ear, machine } = createEar();
    const place = openPlace({ machines: [machine] });
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'e' });
    await actor.send({ type: 'off' });
    const before = await place.store.actors?.getActor('e');
    ear.speak({ type: 'tick' });
    await settleTicks();
    expect(await place.store.actors?.getActor('e')).toEqual(before);
    const other = await runtime.spawn(machine, { id: 'f' });
    const stopping = runtime.stop();
    ear.speak({ type: 'tick' });
    await stopping;
    expect(other.getSnapshot().context.n).toBe(0);
  });

  it('takes nothing down with it when its cleanup throws', async () => {
    const logged: string[] = [];
    const { machine, seen } = createEar({ cleanup: () => { throw new Error('cannot let go'); } });
    const place = openPlace({ machines: [machine], logger: pino({ level: 'error' }, { write: (line: string) => void logged.push(line) }) });
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'e' });
    await actor.send({ type: 'off' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', value: 'off' });
    await runtime.spawn(machine, { id: 'f' });
    await runtime.stop();
    expect(seen.filter(line => line === 'ends')).toHaveLength(2);
    expect(logged.filter(line => line.includes('cannot let go'))).toHaveLength(2);
  });

  it('is the same one after an event was refused, in both directions', async () => {
    const { ear, machine, seen } = createEar();
    const runtime = await openPlace({ machines: [machine] }).open();
    const actor = await runtime.spawn(machine, { id: 'e' });
    await expect(actor.send({ type: 'spoil' })).rejects.toMatchObject({ code: 'actor_value_not_json' });
    const heard: string[] = [];
    (await runtime.actor('e/ear')).on('*', ({ type }) => heard.push(type));
    ear.emit({ type: 'said' });
    ear.speak({ type: 'tick' });
    await actor.send({ type: 'tell' });
    await settleTicks();
    expect(actor.getSnapshot().context.n).toBe(1);
    expect(heard).toEqual(['said']);
    expect(seen).toEqual(['begins with both', 'hears hello']);
    await actor.send({ type: 'off' });
    await actor.send({ type: 'on' });
    (await runtime.actor('e/ear')).on('*', ({ type }) => heard.push(`new ${type}`));
    ear.emit({ type: 'said' });
    expect(heard).toEqual(['said', 'new said']);
    await runtime.stop();
  });

  it('keeps its actor in memory, whoever else is spoken to', async () => {
    const { ear, machine, seen } = createEar();
    const waiting = setup({}).createMachine({ id: 'waiting', on: { go: {} } });
    const runtime = await openPlace({ machines: [machine, waiting] }).open();
    const actor = await runtime.spawn(machine, { id: 'e' });
    await Promise.all(Array.from({ length: 400 }, (_, index) => runtime.spawn(waiting, { id: `w${index}` })));
    ear.speak({ type: 'tick' });
    await settleTicks();
    expect(actor.getSnapshot().context.n).toBe(1);
    expect(seen).toEqual(['begins with both']);
    await runtime.stop();
  });
});

describe('an observable', () => {
  const watch = (source: () => object) => setup({ actors: { source: fromObservable(source as never) }, types: {} as { context: { last: unknown; reason: string } } }).createMachine({
    id: 'watcher',
    context: { last: null, reason: '' },
    initial: 'on',
    states: {
      on: {
        invoke: {
          src: 'source', id: 'source',
          onSnapshot: { actions: assign({ last: ({ event }) => event.snapshot.context ?? null }) },
          onDone: 'ended',
          onError: { target: 'broken', actions: assign({ reason: ({ event }) => (event.error as Error).message }) },
        },
      },
      ended: {},
      broken: {},
    },
  });

  it('shows its last value after a restart, before it has given another', async () => {
    const subject = new Subject<number>();
    const machine = watch(() => subject);
    const place = openPlace({ machines: [machine] });
    await (await place.open()).spawn(machine, { id: 'w' });
    subject.next(5);
    await settleTicks();
    await place.close();
    expect(subject.observed).toBe(false);
    const runtime = await place.open();
    expect(subject.observed).toBe(true);
    const source = await runtime.actor('w/source');
    expect(source.getSnapshot()).toMatchObject({ status: 'active', context: 5 });
    subject.next(6);
    await settleTicks();
    expect(source.getSnapshot()).toMatchObject({ context: 6 });
    expect((await runtime.actor<typeof machine>('w')).getSnapshot().context.last).toBe(6);
    await runtime.stop();
  });

  it('that ends while it begins has given all it had, and is not begun again', async () => {
    let begun = 0;
    const machine = watch(() => {
      begun++;
      return of(1, 2, 3);
    });
    const place = openPlace({ machines: [machine] });
    await (await place.open()).spawn(machine, { id: 'w' });
    await settleTicks();
    await place.close();
    const runtime = await place.open();
    expect((await runtime.actor<typeof machine>('w')).getSnapshot()).toMatchObject({ value: 'ended', context: { last: 3 } });
    expect(begun).toBe(1);
    await runtime.stop();
  });

  it('that gives what cannot be stored has failed, and is let go of', async () => {
    const subject = new Subject<unknown>();
    const machine = watch(() => subject);
    const runtime = await openPlace({ machines: [machine] }).open();
    const actor = await runtime.spawn(machine, { id: 'w' });
    subject.next(new Map());
    await settleTicks();
    expect(actor.getSnapshot()).toMatchObject({ status: 'active', value: 'broken' });
    expect(actor.getSnapshot().context.reason).toContain('Map');
    expect(subject.observed).toBe(false);
    await runtime.stop();
  });

  it('that cannot be begun has failed', async () => {
    const machine = watch(() => { throw new Error('nothing to observe'); });
    const runtime = await openPlace({ machines: [machine] }).open();
    const actor = await runtime.spawn(machine, { id: 'w' });
    await settleTicks();
    expect(actor.getSnapshot()).toMatchObject({ value: 'broken', context: { reason: 'nothing to observe' } });
    await runtime.stop();
  });
});

describe('after kill -9', () => {
  it('what had not ended begins again with the same input, and shows until then what it showed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-services-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'app.db');
    const oracle = join(folder, 'oracle.txt');
    const worker = fork(join(import.meta.dirname, 'services-worker.ts'), [file, oracle], { execArgv: [] });
    await once(worker, 'message');
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    const before = readFileSync(oracle, 'utf8').trim().split('\n');
    const begun: string[] = [];
    const { machine, prices } = createListener(line => begun.push(line));
    const runtime = await createRuntime({ store: openSqliteStore({ file }), machines: [machine], listen: false });
    const actor = await runtime.actor<typeof machine>('l');
    expect(before.toSorted()).toEqual(['line 42', 'news local', 'once now', 'prices tea']);
    // The observable of events had ended, too.
    expect(begun.toSorted()).toEqual(['line 42', 'prices tea']);
    const source = await runtime.actor('l/prices');
    expect(source.getSnapshot()).toMatchObject({ status: 'active', context: 7 });
    expect((await runtime.actor('l/once')).getSnapshot()).toMatchObject({ status: 'done', context: 'all there is' });
    await actor.waitFor(({ context }) => context.heard.length === 3);
    expect(actor.getSnapshot().context.heard.at(-1)).toBe('line 42');
    prices.next(8);
    await source.waitFor(snapshot => (snapshot as unknown as { context?: unknown }).context === 8);
    await runtime.stop();
  });
});
