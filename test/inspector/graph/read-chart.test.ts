import { toDirectedGraph } from '@xstate/graph';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { createActor, createMachine } from 'xstate';
import { stepMachine } from '../../../machines/step.ts';
import { type Chart, type ChartValue, countTransitions, findTaken, listActive } from '../../../src/inspector/graph/chart.ts';
import { readChart } from '../../../src/inspector/graph/read-chart.ts';
import { makeRandomMachines, ownMachines, requireChart } from './chart-examples.ts';

const everything = createMachine({
  id: 'all', initial: 'idle', on: { reset: '.idle', log: { actions: 'log' } },
  states: {
    idle: { on: { go: [{ guard: 'ready', target: 'busy' }, { target: '#named' }] }, after: { 90_000: 'busy', soon: { target: 'busy', actions: 'hurry' } }, entry: 'rest' },
    busy: {
      id: 'named', type: 'parallel', invoke: [{ src: 'load', id: 'loader', onDone: 'done', onError: { actions: 'complain' } }, { src: 'watch', onSnapshot: { actions: 'look' } }],
      states: { left: { initial: 'a', states: { a: { always: { guard: 'late', target: 'b' } }, b: { type: 'final' }, h: { type: 'history', history: 'deep', target: 'a' } } }, right: { on: { both: ['#all.idle', '.'].slice(0, 1).join('') } } },
      onDone: 'done', exit: ['tidy'],
    },
    done: { type: 'final' },
  },
} as never) as AnyStateMachine;

const read = (definition: unknown): Chart => {
  const chart = readChart(definition);
  if (typeof chart === 'string') throw new Error(chart);
  return chart;
};

const listNodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(listNodes)];

/** What XState makes of it: source, event and targets of each transition. */
const listReal = (machine: AnyStateMachine): string[] => listNodes(machine.root).flatMap(node =>
  [...[...node.transitions.values()].flat(), ...(node.always ?? [])].map(({ eventType, target }) => `${node.path.join('.')} ${eventType} ${(target ?? []).map((one: AnyStateNode) => one.path.join('.')).join()}`)).toSorted();
const listRead = ({ transitions }: Chart, without: (event: string) => boolean = () => false): string[] =>
  transitions.filter(({ event }) => event !== 'default' && !without(event)).map(({ source, event, targets }) => `${source} ${event} ${targets.join()}`).toSorted();

describe('reading a machine', () => {
  it('gives states and transitions as XState sees them', () => {
    for (const machine of [everything, ...ownMachines, ...makeRandomMachines(20, 3)]) {
      const chart = requireChart(machine);
      expect([...chart.states.keys()]).toEqual(listNodes(machine.root).map(({ path }) => path.join('.')));
      expect(listRead(chart)).toEqual(listReal(machine));
      expect([...chart.states.values()].map(({ kind }) => kind)).toEqual(listNodes(machine.root).map(({ type }) => type));
    }
  });

  it('reads the same from JSON of a config, of a definition and of a directed graph', () => {
    for (const machine of [everything, ...ownMachines]) {
      const [config, definition, graph] = [machine.config, machine.definition, toDirectedGraph(machine)].map(form => read(JSON.parse(JSON.stringify(form))));
      const whole = listReal(machine);
      expect(listRead(config!)).toEqual(whole);
      // Neither of the other two forms has what happens by itself.
      const told = whole.filter(text => !/^\S* {2}/.test(text));
      expect(listRead(definition!)).toEqual(told);
      // A directed graph has no keys: an id of a state's own takes the place of its key.
      if (machine === everything) expect(graph!.states.get('named.left.a')?.kind).toBe('atomic');
      else expect(listRead(graph!).filter(text => /\S$/.test(text) && !/^(\S*) \S+ \1$/.test(text))).toEqual(told.filter(text => /\S$/.test(text) && !/^(\S*) \S+ \1$/.test(text)));
      expect([...definition!.states.keys()]).toEqual([...config!.states.keys()]);
      expect(graph!.states.size).toBe(config!.states.size);
    }
  });

  it('says delays, actors, guards and what happens by itself in words', () => {
    const { states, transitions } = read(everything.config);
    const told = transitions.map(({ source, label, guard, actions }) => [source, label, guard, actions.join()].filter(text => text !== undefined && text !== '').join(' | '));
    expect(told).toEqual([
      ' | reset', ' | log | log', 'idle | go | ready', 'idle | go', 'idle | after 1 min 30 s', 'idle | after soon | hurry',
      'busy | loader done', 'busy | loader failed | complain', 'busy | watch changed | look', 'busy | done',
      'busy.left.a | always | late', 'busy.left.h | default', 'busy.right | both',
    ].map(text => text.replace(/^ \| /, '')));
    expect(states.get('busy')).toMatchObject({ kind: 'parallel', invokes: ['load', 'watch'], exit: ['tidy'], initial: [] });
    expect(states.get('busy.left.h')).toMatchObject({ kind: 'history', isDeep: true });
    expect(states.get('idle')!.entry).toEqual(['rest']);
    expect(states.get('')!.initial).toEqual(['idle']);
  });

  it('takes anything, and says why there is nothing to draw', () => {
    fc.assert(fc.property(fc.anything(), value => {
      const chart = readChart(value);
      if (typeof chart !== 'string') expect(chart.states.size).toBeGreaterThan(1);
    }));
    expect(readChart(null)).toBe('a definition is an object');
    expect(readChart({ id: 'promise' })).toBe('it has no states');
    let deep: object = {};
    for (let depth = 0; depth < 100; depth++) deep = { initial: 'a', states: { a: deep } };
    expect(readChart(deep)).toContain('more than 2000 states, or more than 40');
    expect(readChart({ states: { a: { on: Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`e${index}`, 'a'])) } } })).toBe('more than 10000 transitions');
  });

  it('keeps transitions apart that a list names alike', () => {
    const { transitions } = read({ id: 'm', children: [{ id: 'm.a', children: [], edges: [{ target: 'm.b', label: { text: 'X' } }, { target: 'm.a', label: { text: 'X' } }] }, { id: 'm.b' }] });
    expect(new Set(transitions.map(({ id }) => id)).size).toBe(2);
    expect(transitions.map(({ targets }) => targets)).toEqual([['b'], ['a']]);
  });
});

describe('a chart', () => {
  it('lists what is active as XState does', () => {
    for (const machine of [...ownMachines.filter(({ id }) => ['checkout', 'parcel', 'consensus'].includes(id)), ...makeRandomMachines(20, 5)]) {
      const actor = createActor(machine, { input: { amountCents: 1 } });
      const snapshot = actor.getSnapshot() as unknown as { value: ChartValue; _nodes: AnyStateNode[] };
      expect([...listActive(requireChart(machine), snapshot.value)].toSorted()).toEqual(snapshot._nodes.map(({ path }) => path.join('.')).toSorted());
    }
  });

  it('finds the transition that was taken, and no other but for its guard', () => {
    const chart = requireChart(stepMachine);
    const tell = (event: string, from: string, to: string): string[] => [...findTaken(chart, { event, from, to })].map(id => chart.transitions.find(one => one.id === id)!).map(({ guard, targets }) => `${targets.join()} ${guard}`);
    expect(tell('attempt.failed', 'running', 'retrying')).toEqual(['retrying canRetry']);
    expect(tell('attempt.failed', 'running', 'waiting')).toEqual(['waiting canSwitch', 'waiting canAsk']);
    expect(tell('attempt.interrupted', 'running', 'running')).toEqual(['running canBeginAgain']);
    expect(tell('attempt.failed', 'retrying', 'running')).toEqual([]);
    const flow = requireChart(ownMachines.find(({ id }) => id === 'flow')!);
    expect([...findTaken(flow, { event: 'slot.freed', from: 'stepping', to: 'stepping' })]).toEqual(['stepping slot.freed 0', 'stepping slot.freed 1']);
  });

  it('counts each transition by where it starts and ends, also from inside, and never-taken ones as 0', () => {
    const chart = read(everything.config);
    const counts = countTransitions(chart, [
      { from: 'busy.left.a', event: 'reset', to: 'idle', count: 3 }, { from: 'done', event: 'reset', to: 'idle', count: 2 }, { from: 'idle', event: 'go', to: 'busy', count: 5 }, { from: 'idle', event: 'log', to: 'idle', count: 7 },
      { from: 'idle', event: 'log', to: 'busy', count: 100 },
    ]);
    expect([' reset 0', ' log 0', 'idle go 0', 'idle go 1', 'busy.right both 0'].map(id => counts.get(id))).toEqual([5, 7, 5, 5, 0]);
  });
});
