import type { AnyStateMachine } from 'xstate';
import { expect } from 'vitest';
import type { LogicKind } from '../../src/kinds/actors/xstate-internals.ts';
import { isActorRef, isBuiltIn, isMachine, promiseReject, promiseResolve, putNodes, readNodes, resolveLogic, running, stopEvent, stopped, toKind, toPromiseCreator, toSnapshotEvent, toSystemId } from '../../src/kinds/actors/xstate-internals.ts';
import type { Copy } from './recording-system.ts';
import { createRecordingSystem } from './recording-system.ts';

/** Something that is known here of XState's insides. */
export interface Fact {
  readonly fact: string;
  /** What of ours hangs on it. */
  readonly holds: string;
  readonly check: (x: Copy, why: string) => void;
}

const nothing = (): void => {};
const start = (x: Copy, machine: unknown) => {
  const recorded = createRecordingSystem();
  const actor = recorded.create(x, machine as never);
  actor.start();
  return { ...recorded, actor };
};

export const facts: readonly Fact[] = [
  {
    fact: 'an actor announces itself to the system before its first snapshot',
    holds: 'its logic is replaced by one that decides and does nothing',
    check: (x, why) => {
      const recorded = createRecordingSystem();
      const logic = { ...x.fromTransition(state => state, 0) };
      let announced = 0;
      logic.getInitialSnapshot = () => ((announced = recorded.announced.length), { status: 'active', output: undefined, error: undefined, context: 0 });
      recorded.create(x, logic);
      expect(announced, why).toBe(1);
    },
  },
  {
    fact: 'custom actions go through the executor in the scope of their actor, of children as well (since 5.19.0)',
    holds: 'actions run after the commit, with an id, and again after a crash',
    check: (x, why) => {
      const child = x.createMachine({ id: 'child', entry: nothing });
      const { actions } = start(x, x.createMachine({ id: 'm', entry: nothing, invoke: { src: child, id: 'c' } }));
      expect(actions.filter(action => !isBuiltIn(action)).map(({ exec, info }) => [exec, (info.self as { id: string }).id]), why).toEqual([[nothing, 'root'], [nothing, 'c']]);
    },
  },
  {
    fact: 'XState\'s own actions have the types that are listed',
    holds: 'raise, sendTo, cancel, spawnChild, stopChild, emit and log are carried out inside the transition, all others after the commit',
    check: (x, why) => {
      const leaf = x.createMachine({ id: 'leaf' });
      const { actions } = start(x, x.setup({ actors: { leaf } }).createMachine({ id: 'm', entry: [x.raise({ type: 'a' }), x.raise({ type: 'b' }, { delay: 1 }), x.sendTo(({ self }) => self, { type: 'c' } as never), x.cancel('d'), x.spawnChild('leaf', { id: 'l' }), x.stopChild('l'), x.emit({ type: 'e' }), x.log('f')] }));
      const types = actions.map(({ type }) => type);
      expect(types.every((_, index) => isBuiltIn(actions[index] as never)), `${why} (${types.join()})`).toBe(true);
      expect(new Set(types), why).toEqual(new Set(['xstate.raise', 'xstate.sendTo', 'xstate.cancel', 'xstate.spawnChild', 'xstate.stopChild', 'xstate.emit', 'xstate.log']));
    },
  },
  {
    fact: 'what an actor would do before it has started is kept in `_deferred`',
    holds: 'actions of the first state are effects of the transition that starts the actor',
    check: (x, why) => {
      const recorded = createRecordingSystem();
      let ran = 0;
      const actor = recorded.create(x, x.createMachine({ id: 'm', entry: () => void ran++ }));
      expect([ran, Array.isArray(actor._deferred), actor._deferred.length > 0], why).toEqual([0, true, true]);
      actor.start();
      expect(ran, why).toBe(1);
    },
  },
  {
    fact: 'delayed events are scheduled with the system, by source, target, event, delay and id',
    holds: 'timers are stored and keep their due times',
    check: (x, why) => {
      const { actor, of } = start(x, x.createMachine({ id: 'm', initial: 'a', entry: x.raise({ type: 'late' }, { delay: 7, id: 'mine' }), states: { a: { after: { 5: 'b' } }, b: {} } }));
      expect(of('schedule').map(([, source, target, event, delay, id]) => [source === actor, target === actor, (event as { type: string }).type, delay, id]), why).toEqual([
        [true, true, 'late', 7, 'mine'],
        [true, true, 'xstate.after.5.m.a', 5, 'xstate.after.5.m.a'],
      ]);
    },
  },
  {
    fact: 'a state that is left cancels its delayed events, an actor that ends all of them',
    holds: 'a timer of a state that was left never fires',
    check: (x, why) => {
      const { actor, of } = start(x, x.createMachine({ id: 'm', initial: 'a', states: { a: { after: { 5: 'b' }, on: { go: 'b' } }, b: {} } }));
      actor._send({ type: 'go' });
      expect(of('cancel').map(([, source, id]) => [source === actor, id]), why).toEqual([[true, 'xstate.after.5.m.a']]);
      actor._stop();
      expect(of('cancelAll').map(([, source]) => source === actor), why).toEqual([true]);
    },
  },
  {
    fact: 'actors speak to each other, and report to their parents, through the system',
    holds: 'delivery is depth first inside a tree, and what leads out of it waits for the commit',
    check: (x, why) => {
      const child = x.createMachine({ id: 'child', initial: 'a', states: { a: { on: { end: 'b' } }, b: { type: 'final' } } });
      const { actor, of } = start(x, x.createMachine({ id: 'm', invoke: { src: child, id: 'c' }, on: { end: { actions: x.sendTo('c', { type: 'end' } as never) } } }));
      actor._send({ type: 'end' });
      expect(of('relay').map(([, source, target, event]) => [(source as { id: string }).id, (target as { id: string }).id, (event as { type: string }).type]), why).toEqual([
        ['root', 'c', 'end'],
        ['c', 'root', 'xstate.done.actor.c'],
      ]);
    },
  },
  {
    fact: 'sessions come from the system; actors are registered by them, and unregistered when they end',
    holds: 'messages and timers go to one incarnation, the same after a restart',
    check: (x, why) => {
      const { actor, live } = start(x, x.createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: x.createMachine({ id: 'child' }), id: 'c' }, on: { go: 'b' } }, b: {} } }));
      expect([...live], why).toEqual([['x:1', actor], ['x:2', actor._snapshot.children?.['c']]]);
      actor._send({ type: 'go' });
      expect([...live.keys()], why).toEqual(['x:1']);
    },
  },
  {
    fact: 'an actor has the status, mailbox and parent that restoring sets',
    holds: 'an actor that is read back takes events as one that has begun, and nothing begins again',
    check: (x, why) => {
      const recorded = createRecordingSystem();
      let entered = 0;
      const machine = x.createMachine({ id: 'm', initial: 'a', states: { a: { entry: () => void entered++, on: { go: 'b' } }, b: {} } });
      const stored = { status: 'active', value: 'a', historyValue: {}, context: {}, children: {} };
      const actor = recorded.create(x, machine, { snapshot: stored });
      actor._processingStatus = running;
      actor.mailbox.start();
      actor._send({ type: 'go' });
      expect([actor._snapshot.value, entered], why).toEqual(['b', 0]);
      actor._stop();
      expect(actor._processingStatus, why).toBe(stopped);
    },
  },
  {
    fact: 'a snapshot has its nodes in `_nodes`, a machine finds them by id in `idMap`',
    holds: 'the order that decides between transitions of parallel states is the same after a restart',
    check: (x, why) => {
      const machine = x.createMachine({ id: 'm', type: 'parallel', states: { a: { initial: 'one', states: { one: {} } }, b: {} } });
      const { actor } = start(x, machine);
      const { nodes = [] } = readNodes(actor);
      expect(nodes.toSorted(), why).toEqual(['m', 'm.a', 'm.a.one', 'm.b']);
      putNodes(actor, machine, nodes.toReversed(), actor._snapshot.value);
      expect(readNodes(actor).nodes, why).toEqual(nodes.toReversed());
      expect(Object.keys(actor._snapshot.value as object), why).toEqual(['a', 'b']);
    },
  },
  {
    fact: 'what is remembered of left states is restored from the ids of its nodes',
    holds: 'history states lead back to where they were, over a restart',
    check: (x, why) => {
      const machine = x.createMachine({ id: 'm', initial: 'a', states: { a: { initial: 'p', states: { p: { on: { next: 'q' } }, q: {}, h: { type: 'history' } }, on: { out: 'b' } }, b: { on: { back: 'a.h' } } } });
      const { actor } = start(x, machine);
      for (const type of ['next', 'out']) actor._send({ type });
      const { historyValue } = readNodes(actor);
      expect(historyValue, why).toEqual({ 'm.a.h': [{ id: 'm.a.q' }] });
      const again = createRecordingSystem().create(x, machine, { snapshot: { status: 'active', value: 'b', historyValue, context: {}, children: {} } });
      again.start();
      again._send({ type: 'back' });
      expect(again._snapshot.value, why).toEqual({ a: 'q' });
    },
  },
  {
    fact: 'each kind of logic is told by the events it takes',
    holds: 'promises run once and have retries; callbacks and observables are begun again after a restart',
    check: (x, why) => {
      const observable = { subscribe: () => ({ unsubscribe: nothing }) } as never;
      const made: readonly (readonly [LogicKind, unknown])[] = [
        ['machine', x.createMachine({})], ['promise', x.fromPromise(async () => 1)], ['callback', x.fromCallback(nothing as never)],
        ['observable', x.fromObservable(() => observable)], ['observable', x.fromEventObservable(() => observable)], ['pure', x.fromTransition(state => state, 0)],
      ];
      expect(made.map(([, logic]) => toKind(logic as never)), why).toEqual(made.map(([kind]) => kind));
    },
  },
  {
    fact: 'promise logic has its function in `config`, and takes its outcome as an event',
    holds: 'the output of a promise is stored with the transition that takes it',
    check: (x, why) => {
      const create = async (): Promise<number> => 1;
      const logic = x.fromPromise(create);
      expect(toPromiseCreator(logic), why).toBe(create);
      const active = { status: 'active', output: undefined, error: undefined, input: undefined } as never;
      const scope = { self: {} } as never;
      expect(logic.transition(active, { type: promiseResolve, data: 2 } as never, scope), why).toMatchObject({ status: 'done', output: 2 });
      expect(logic.transition(active, { type: promiseReject, data: 'no' } as never, scope), why).toMatchObject({ status: 'error', error: 'no' });
    },
  },
  {
    fact: 'an actor that is stopped gives its logic `xstate.stop`',
    holds: 'the signal of a promise is aborted, a callback disposed of',
    check: (x, why) => {
      const taken: string[] = [];
      const logic = { ...x.fromTransition((state: number, { type }) => (taken.push(type), state), 0) };
      const { actor } = start(x, logic);
      actor._stop();
      expect(taken, why).toEqual([stopEvent]);
    },
  },
  {
    fact: 'logic written into an `invoke` has the source `xstate.invoke.<place>.<state>`',
    holds: 'children without a name are found again after a restart',
    check: (x, why) => {
      const [first, second] = [x.fromPromise(async () => 1), x.createMachine({ id: 'second' })];
      const machine = x.createMachine({ id: 'm', initial: 'a', states: { a: { invoke: [{ src: first, id: 'f' }, { src: second, id: 's' }] } } });
      const { actor } = start(x, machine);
      const sources = ['f', 's'].map(id => actor._snapshot.children?.[id]?.src as string);
      expect(sources, why).toEqual(['xstate.invoke.0.m.a', 'xstate.invoke.1.m.a']);
      expect(sources.map(src => resolveLogic(machine as unknown as AnyStateMachine, src)), why).toEqual([first, second]);
    },
  },
  {
    fact: 'an actor knows its `systemId` (before 5.22.1: `_systemId`), and gives it to the system',
    holds: '`system.get` finds an actor after a restart',
    check: (x, why) => {
      const { actor, of } = start(x, x.createMachine({ id: 'm', invoke: { src: x.createMachine({ id: 'child' }), id: 'c', systemId: 'known' } }));
      const child = actor._snapshot.children?.['c'];
      expect(toSystemId(child as never), why).toBe('known');
      const [call] = of('set');
      expect([call?.[1], call?.[2] === child], why).toEqual(['known', true]);
    },
  },
  {
    fact: 'a child whose snapshots its parent wants has `_syncSnapshot`, and sends them as `xstate.snapshot.<id>`',
    holds: '`onSnapshot` and `syncSnapshot` go on after a restart',
    check: (x, why) => {
      const { actor, of } = start(x, x.setup({ actors: { leaf: x.fromTransition((n: number) => n + 1, 0) } }).createMachine({ id: 'm', entry: x.spawnChild('leaf', { id: 'l', syncSnapshot: true }), on: { go: { actions: x.sendTo('l', { type: 'go' } as never) } } }));
      const child = actor._snapshot.children?.['l'];
      expect(child?._syncSnapshot, why).toBe(true);
      actor._send({ type: 'go' });
      const told = of('relay').map(([, , , event]) => event as { type: string }).filter(({ type }) => type.startsWith('xstate.snapshot'));
      expect(told.at(-1), why).toEqual(toSnapshotEvent('l', child?._snapshot as never));
    },
  },
  {
    fact: 'events that are emitted and values that are logged pass through the scope of the actor',
    holds: 'neither is seen before the commit',
    check: (x, why) => {
      const recorded = createRecordingSystem();
      const actor = recorded.create(x, x.createMachine({ id: 'm', entry: [x.emit({ type: 'out' }), x.log('words')] }));
      const seen: unknown[] = [];
      actor._actorScope.emit = (event: unknown) => seen.push(event);
      actor._actorScope.logger = (...values: unknown[]) => seen.push(values.at(-1));
      actor.start();
      expect(seen, why).toEqual(['words', { type: 'out' }]);
    },
  },
  {
    fact: 'an actor whose transition throws keeps the error in its snapshot and reports it by `_reportError`',
    holds: 'an actor that fails says so after the commit, and not by an exception nobody catches',
    check: (x, why) => {
      const { actor, errors } = start(x, x.createMachine({ id: 'm', on: { go: { guard: () => { throw new Error('broken'); }, actions: nothing } } }));
      actor._send({ type: 'go' });
      expect(actor._snapshot.status, why).toBe('error');
      expect(errors.map(([failed]) => failed === actor), why).toEqual([true]);
    },
  },
  {
    fact: 'actors and machines are told by the parts that are looked at',
    holds: 'references in context are stored as addresses, and what is no machine is refused',
    check: (x, why) => {
      const machine = x.createMachine({ id: 'm' });
      expect([isMachine(machine), isMachine(x.fromPromise(async () => 1)), isActorRef(x.createActor(machine))], why).toEqual([true, false, true]);
    },
  },
];
