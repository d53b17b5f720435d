import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { chartBox, layoutChart } from '../../../src/inspector/graph/layout-chart.ts';
import { readChart } from '../../../src/inspector/graph/read-chart.ts';
import { measureByTable as measure } from '../../../src/inspector/graph/text-width.ts';
import { corpus } from '../../machine-host/corpus/corpus.ts';
import { Probe } from '../../machine-host/probe.ts';
import { makeRandomMachines, ownMachines, requireChart } from './chart-examples.ts';
import { expectApart, findOverlaps, findPierced, walkPath } from './picture-rules.ts';

const people = corpus.slice(-9).map(({ name, build }): [string, AnyStateMachine] => [name, build(new Probe())]);
const machines: readonly (readonly [string, AnyStateMachine])[] = [
  ...ownMachines.map(machine => [machine.id, machine] as const), ...people, ...makeRandomMachines(20, 7).map((machine, index) => [`random machine ${index}`, machine] as const),
];

describe.for(machines)('the statechart of %s', ([, machine]) => {
  const chart = requireChart(machine);
  const layout = layoutChart(chart, { measure });
  const leaves = layout.nodes.filter(({ state }) => state.children.length === 0);

  it('has every state and every transition once', () => {
    expect(layout.nodes.map(({ id }) => id).toSorted()).toEqual([...chart.states.keys()].toSorted());
    const drawn = [...layout.nodes, ...layout.labels].flatMap(({ lines }) => lines.flatMap(({ transition }) => transition?.id ?? []));
    expect(drawn.toSorted()).toEqual(chart.transitions.map(({ id }) => id).toSorted());
    expect(layout.dots).toHaveLength([...chart.states.values()].filter(({ initial }) => initial.length > 0).length);
  });

  it('keeps states and labels apart, each state in the one around it, and texts in their boxes', () => {
    expectApart([...leaves, ...layout.labels], layout);
    const boxes = new Map(layout.nodes.map(node => [node.id, node]));
    for (const [parent, children] of Map.groupBy(layout.nodes.filter(({ id }) => id !== ''), ({ state }) => state.parent!)) {
      const outer = boxes.get(parent)!;
      expect(findOverlaps(children)).toEqual([]);
      const lowest = Math.max(outer.y + chartBox.header - 2, ...outer.lines.map(({ box }) => box.y + box.height));
      for (const { x, y, width, height } of children) {
        expect(Math.min(x - outer.x, outer.x + outer.width - x - width, outer.y + outer.height - y - height, y - lowest)).toBeGreaterThanOrEqual(-0.1);
      }
    }
    for (const { title, width, lines, state } of layout.nodes) {
      if (state.kind !== 'history') expect(measure(title, chartBox.titleSize, true)).toBeLessThanOrEqual(width - 2 * chartBox.padding);
      for (const { text } of lines) expect(measure(text, chartBox.lineSize)).toBeLessThanOrEqual(width - 2 * chartBox.padding);
    }
    for (const { lines, width } of layout.labels) for (const { text } of lines) expect(measure(text, chartBox.lineSize)).toBeLessThanOrEqual(width - 2 * chartBox.labelPadding);
  });

  it('leads its lines from left to right, those that lead back the other way, and none through a state or a label', () => {
    for (const { path, isBack } of layout.edges) {
      expect(findPierced(path, [...leaves, ...layout.labels])).toEqual([]);
      const points = walkPath(path);
      for (const [place, { x }] of points.entries()) if (place > 0) expect((x - points[place - 1]!.x) * (isBack ? -1 : 1)).toBeGreaterThanOrEqual(-0.2);
    }
  });

  it('connects each transition: from its source to its label, and from there to each target', () => {
    const boxes = new Map(layout.nodes.map(node => [node.id, node]));
    const touches = ({ x, y }: { x: number; y: number }, box: { x: number; y: number; width: number; height: number }): boolean =>
      Math.min(Math.abs(x - box.x), Math.abs(x - box.x - box.width)) < 0.3 && y > box.y - 0.3 && y < box.y + box.height + 0.3;
    for (const label of layout.labels) {
      const { source, targets } = label.lines[0]!.transition!;
      const own = layout.edges.filter(({ transitions }) => transitions.includes(label.lines[0]!.transition!.id));
      const [out, ...into] = own.map(({ path }) => walkPath(path));
      expect([touches(out![0]!, boxes.get(source)!), touches(out!.at(-1)!, label)]).toEqual([true, true]);
      expect(into.map((points, place) => [touches(points[0]!, label), touches(points.at(-1)!, boxes.get([...new Set(targets)][place]!)!)])).toEqual(into.map(() => [true, true]));
      expect(into).toHaveLength(new Set(targets).size);
    }
  });

  it('can be walked with the arrow keys, all of it', () => {
    const stops = [...layout.neighbours.keys()];
    expect(stops).toHaveLength(layout.nodes.length - 1 + chart.transitions.length);
    const seen = new Set<string>();
    const open = stops.slice(0, 1);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      for (const other of Object.values(layout.neighbours.get(at)!)) if (other !== undefined) open.push(other as string);
    }
    expect(stops.filter(stop => !seen.has(stop))).toEqual([]);
  });

  it('comes out the same each time, in a bounded amount of work', () => {
    expect(layoutChart(requireChart(machine), { measure })).toEqual(layout);
    expect(layout.work).toBeLessThan(40_000);
  });
});

describe('a statechart', () => {
  it('leaves room for counts', () => {
    const chart = requireChart(ownMachines[0]!);
    const [plain, counted] = [layoutChart(chart, { measure }), layoutChart(chart, { measure, isCounted: true })];
    for (const label of plain.labels) expect(counted.labels.find(({ id }) => id === label.id)!.width).toBe(Math.min(chartBox.mostWidth, label.width + chartBox.counted));
  });

  it('is drawn of any tree of states with any targets', () => {
    const targets = ['a', 'b', '.a', '#m', '#m.a', '#m.b.a', 'a.b', '#other', undefined];
    const node: fc.Arbitrary<object> = fc.letrec(tie => ({
      node: fc.record({
        type: fc.constantFrom(undefined, 'parallel', 'final', 'history'),
        initial: fc.constantFrom('a', 'b', undefined),
        on: fc.dictionary(fc.constantFrom('X', 'Y', '*'), fc.record({ target: fc.oneof(fc.constantFrom(...targets), fc.array(fc.constantFrom('#m.a', '#m.b', '#m.b.a'), { maxLength: 2 })) })),
        states: fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { depthIdentifier: 'node', maxKeys: 3 }), { nil: undefined, depthIdentifier: 'node' }),
      }),
    }))['node'] as fc.Arbitrary<object>;
    fc.assert(fc.property(node, config => {
      const chart = readChart({ ...config, id: 'm' });
      if (typeof chart === 'string') return;
      const layout = layoutChart(chart, { measure });
      expect(layout.nodes).toHaveLength(chart.states.size);
      expectApart([...layout.nodes.filter(({ state }) => state.children.length === 0), ...layout.labels], layout);
    }));
  });
});
