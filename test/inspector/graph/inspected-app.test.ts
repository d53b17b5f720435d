import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInspector, createWebSocketInspector } from '@statelyai/inspect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { AnyActorRef } from 'xstate';
import { createActor, createMachine } from 'xstate';
import { InspectedApp } from '../../../src/inspector/graph/inspected-app.ts';
import { layoutChart } from '../../../src/inspector/graph/layout-chart.ts';
import { measureByTable as measure } from '../../../src/inspector/graph/text-width.ts';

const child = createMachine({ id: 'lamp', initial: 'off', states: { off: { on: { press: 'on' } }, on: { type: 'final' } } });
/** An application that knows nothing of Flowstone. */
const house = createMachine({
  id: 'house', initial: 'dark', context: { presses: 0 },
  states: {
    dark: { invoke: { src: child, id: 'lamp', onDone: 'lit' }, on: { press: { guard: () => true, actions: ({ self }: { self: AnyActorRef }) => (self.getSnapshot().children['lamp'] as { send: (event: object) => void }).send({ type: 'press' }) } } },
    lit: { type: 'parallel', states: { door: { initial: 'shut', states: { shut: { on: { push: 'open' } }, open: { after: { 60_000: 'shut' } } } }, fire: {} } },
  },
} as never);

/** Runs the application; returns what stops it. */
function drive(observer: { readonly next?: unknown }): () => void {
  const actor = createActor(house, { inspect: observer as never });
  actor.start();
  actor.send({ type: 'press' });
  actor.send({ type: 'push' });
  return () => void actor.stop();
}

/** The package tells later what happened, and everything in order: this is the last of it. */
const isOver = ({ events }: InspectedApp): boolean => events.some(({ kind, type }) => kind === 'snapshot' && type === 'push');
const find = (app: InspectedApp, name: string) => [...app.actors.values()].find(actor => actor.name === name)!;

function expectHouse(app: InspectedApp): void {
  const [root, lamp] = [find(app, 'house'), find(app, 'lamp')];
  expect([...root.active].toSorted()).toEqual(['', 'lit', 'lit.door', 'lit.door.open', 'lit.fire']);
  expect(root.value).toEqual({ lit: { door: 'open', fire: {} } });
  expect([...root.taken]).toEqual(['lit.door.shut push 0']);
  expect(root.context).toEqual({ presses: 0 });
  expect(lamp).toMatchObject({ parentId: root.sessionId, rootId: root.rootId, status: 'done', value: 'on' });
  expect(root.chart!.transitions.map(({ label, guard }) => [label, guard])).toContainEqual(['press', 'guard']);
  expect(root.chart!.transitions.map(({ label }) => label)).toEqual(expect.arrayContaining(['lamp done', 'after 1 min']));
  expect(layoutChart(root.chart!, { measure }).nodes).toHaveLength(7);
  expect(app.events.filter(({ kind }) => kind === 'event').map(({ type }) => type)).toEqual(expect.arrayContaining(['press', 'push', 'xstate.done.actor.lamp']));
  expect(app.events.find(({ type, kind, sessionId }) => kind === 'event' && type === 'xstate.done.actor.lamp' && sessionId === root.sessionId)?.sourceId).toBe(lamp.sessionId);
  expect(app.events.map(({ number }) => number)).toEqual(app.events.map((_, index) => index + 1));
  expect(app.refused).toBe(0);
}

describe('an application of somebody else', () => {
  it('is drawn from what `@statelyai/inspect` tells', async () => {
    const app = new InspectedApp();
    const told = Promise.withResolvers<void>();
    const inspector = createInspector({
      send(event) {
        app.take(JSON.parse(JSON.stringify(event)));
        if (isOver(app)) told.resolve();
      },
    });
    const stop = drive(inspector.inspect);
    await told.promise;
    expectHouse(app);
    stop();
  });

  it('is drawn when it points its own WebSocket at us', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const app = new InspectedApp();
    const told = Promise.withResolvers<void>();
    server.on('connection', socket => socket.on('message', data => {
      app.take(JSON.parse(String(data)));
      if (isOver(app)) told.resolve();
    }));
    const inspector = createWebSocketInspector({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const stop = drive(inspector.inspect);
    await told.promise;
    expectHouse(app);
    stop();
    inspector.stop();
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  it('may be anything at all: what cannot be read is counted and changes nothing', () => {
    fc.assert(fc.property(fc.anything(), told => {
      const app = new InspectedApp();
      const entry = app.take(told);
      expect([app.told + app.refused, app.actors.size]).toEqual([1, 0]);
      expect(entry === undefined).toBe(app.refused === 1);
    }));
    const event = fc.record({ type: fc.constantFrom('@xstate.actor', '@xstate.event', '@xstate.snapshot'), sessionId: fc.constantFrom('a', 'b'), definition: fc.oneof(fc.string(), fc.json()), snapshot: fc.anything(), event: fc.anything(), createdAt: fc.anything(), name: fc.anything() }, { requiredKeys: ['type', 'sessionId'] });
    fc.assert(fc.property(fc.array(event), list => {
      const app = new InspectedApp();
      for (const told of list) app.take(told);
      expect([app.told, app.events.length, app.refused]).toEqual([list.length, list.length, 0]);
    }));
  });

  it('that was there before it was listened to is told of from then on', () => {
    const app = new InspectedApp();
    app.take({ type: '@xstate.snapshot', sessionId: 'x:1', snapshot: { status: 'done', value: 'end' }, event: { type: 'stop' }, createdAt: '5' });
    expect(app.actors.get('x:1')).toMatchObject({ name: 'x:1', status: 'done', value: 'end', chart: undefined });
    expect(app.events[0]).toMatchObject({ kind: 'snapshot', type: 'stop', at: 5 });
  });

  it('leaves what it says nothing of as it was', () => {
    const app = new InspectedApp();
    for (const sessionId of ['a', 'b']) app.take({ type: '@xstate.actor', sessionId, name: sessionId });
    const [a, b] = app.actors.values();
    app.take({ type: '@xstate.event', sessionId: 'b', event: { type: 'x' } });
    expect(app.actors.get('b')).toBe(b);
    app.take({ type: '@xstate.snapshot', sessionId: 'b', snapshot: {}, event: {} });
    expect(app.actors.get('a')).toBe(a);
    expect(app.actors.get('b')).not.toBe(b);
  });

  it('has no picture where its definition is too long, or none', () => {
    const app = new InspectedApp();
    const machine = { id: 'm', states: { a: {} } };
    for (const [index, definition] of [JSON.stringify(machine), JSON.stringify({ ...machine, description: 'x'.repeat(1_000_000) }), '{', undefined].entries()) app.take({ type: '@xstate.actor', sessionId: `${index}`, definition });
    expect([...app.actors.values()].map(({ chart }) => chart?.name)).toEqual(['m', undefined, undefined, undefined]);
  });

  it('is kept within bounds, ended actors going first', () => {
    const app = new InspectedApp();
    app.take({ type: '@xstate.actor', sessionId: 's', snapshot: { status: 'active' } });
    app.take({ type: '@xstate.actor', sessionId: 'ended', snapshot: { status: 'done' } });
    for (let index = 1; index < 5_000; index++) app.take({ type: '@xstate.actor', sessionId: `s${index}`, snapshot: { status: 'active' } });
    expect([app.actors.size, app.actors.has('ended'), app.actors.has('s')]).toEqual([5_000, false, true]);
    app.take({ type: '@xstate.actor', sessionId: 'more' });
    expect([app.actors.size, app.actors.has('s'), app.actors.has('more')]).toEqual([5_000, false, true]);
    for (let index = app.told; index < 10_001; index++) app.take({ type: '@xstate.event', sessionId: 'more', event: { type: 'x' } });
    expect([app.events.length, app.events[0]!.number, app.events.at(-1)!.number, app.told]).toEqual([9_001, 1_001, 10_001, 10_001]);
  });
});
