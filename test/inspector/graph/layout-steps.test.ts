import { describe, expect, it } from 'vitest';
import { toPrefix } from '../../../src/inspector/graph/fold-steps.ts';
import { layoutSteps, stepBox, type StepsLayout } from '../../../src/inspector/graph/layout-steps.ts';
import type { GraphStep } from '../../../src/inspector/graph/step-graph.ts';
import { measureByTable as measure } from '../../../src/inspector/graph/text-width.ts';
import { loadExampleFlows, makeLargeFlow, makeRandomFlow } from './graph-examples.ts';
import { expectApart, findPierced } from './picture-rules.ts';

const flows = [...(await loadExampleFlows()), ...Array.from({ length: 30 }, (_, seed) => makeRandomFlow(seed + 1))];

/** Whether one step waits for another, directly or through others, by what is drawn. */
function isDrawnUpstream({ edges }: StepsLayout, from: string, to: string): boolean {
  const open = [to];
  const seen = new Set<string>();
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === from) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...edges.filter(edge => edge.to === at && edge.kind === 'dependency').map(edge => edge.from));
  }
  return false;
}

function findUnreachable({ nodes, neighbours }: StepsLayout): string[] {
  const open = [nodes[0]!.id];
  const seen = new Set<string>();
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    for (const other of Object.values(neighbours.get(at)!)) if (other !== undefined) open.push(other as string);
  }
  return nodes.map(({ id }) => id).filter(id => !seen.has(id));
}

describe.for(flows.map(flow => [flow.name, flow] as const))('the graph of %s', ([, { steps }]) => {
  const layout = layoutSteps(steps, { measure });

  it('has every step once, apart from all others, and every name in its box', () => {
    expect(layout.nodes.map(({ id }) => id).toSorted()).toEqual(steps.map(({ id }) => id).toSorted());
    expectApart(layout.nodes, layout);
    const room = 2 * stepBox.padding + stepBox.icon + stepBox.iconGap;
    for (const { name, width } of layout.nodes) if (width < stepBox.most) expect(measure(name, stepBox.nameSize, true) + room).toBeLessThanOrEqual(width);
  });

  it('shows every dependency, as an edge or through others, and says which it leaves out', () => {
    for (const { id, dependsOn } of steps) {
      for (const other of dependsOn) {
        const isEdge = layout.edges.some(({ from, to, kind }) => kind === 'dependency' && from === other && to === id);
        expect([isEdge, layout.hidden.get(id)?.includes(other) ?? false]).toEqual([isEdge, !isEdge]);
        expect(isDrawnUpstream(layout, other, id)).toBe(true);
      }
    }
    const alternatives = steps.flatMap(({ id, alternativeOf }) => (alternativeOf === undefined ? [] : [`${alternativeOf} → ${id} alternative`]));
    expect(layout.edges.filter(({ kind }) => kind === 'alternative').map(({ id }) => id).toSorted()).toEqual(alternatives.toSorted());
  });

  it('leads its edges down, and through no step', () => {
    const boxes = new Map(layout.nodes.map(node => [node.id, node]));
    for (const { from, to, path, tip } of layout.edges) {
      expect(boxes.get(from)!.y + boxes.get(from)!.height).toBeLessThan(boxes.get(to)!.y);
      expect(findPierced(path, layout.nodes)).toEqual([]);
      expect(tip.y).toBeCloseTo(boxes.get(to)!.y, 0);
    }
  });

  it('can be walked with the arrow keys, all of it, from its first step', () => {
    expect(findUnreachable(layout)).toEqual([]);
  });
});

describe('the graph of the planning pipeline', () => {
  const { steps } = flows.find(({ name }) => name === 'planning-pipeline')!;

  it('shows 73 of 347 dependencies with at most 5 crossings', () => {
    const { edges, hidden, crossings } = layoutSteps(steps, { measure });
    expect([edges.length, edges.length + [...hidden.values()].flat().length]).toEqual([73, 347]);
    expect(crossings).toBeLessThanOrEqual(5);
  });

  it('takes a bounded amount of work', () => {
    expect(layoutSteps(steps, { measure }).work).toBeLessThan(60_000);
  });
});

describe('a large flow', () => {
  const { steps } = makeLargeFlow(1_000);

  it('begins folded: each step is in one box, and few boxes are left', () => {
    const layout = layoutSteps(steps, { measure });
    expect(layout.isFolded).toBe(true);
    expect(layout.nodes.flatMap(({ members }) => members).toSorted()).toEqual(steps.map(({ id }) => id).toSorted());
    expect(layout.nodes.length).toBeLessThanOrEqual(300);
    for (const { id } of steps) expect(layout.boxOf.get(id)?.members).toContain(id);
    expectApart(layout.nodes, layout);
    expect(findUnreachable(layout)).toEqual([]);
    expect(layout.work).toBeLessThan(1_500_000);
  });

  it('folds by layer what has no name in common', () => {
    const odd = Array.from({ length: 900 }, (_, index): GraphStep => ({ ...steps[0]!, id: `${String.fromCodePoint(97 + (index % 26))}${String.fromCodePoint(97 + (Math.floor(index / 26) % 26))}${String.fromCodePoint(97 + Math.floor(index / 676))}`, dependsOn: [] }));
    const layout = layoutSteps(odd, { measure });
    expect(layout.nodes.map(({ name, members }) => [name, members.length])).toEqual([['layer 1', 900]]);
  });

  it('shows the steps of a group that was unfolded, and leaves the others as they are', () => {
    const folded = layoutSteps(steps, { measure });
    const group = folded.nodes.find(({ step }) => step === undefined)!;
    const layout = layoutSteps(steps, { measure, unfolded: new Set([group.id]) });
    expect(layout.nodes.some(({ id }) => id === group.id)).toBe(false);
    for (const member of group.members) expect(layout.boxOf.get(member)?.step?.id).toBe(member);
    expect(layout.nodes.length).toBe(folded.nodes.length - 1 + group.members.length);
    expectApart(layout.nodes, layout);
  });

  it('is drawn whole up to 300 steps', () => {
    expect(layoutSteps(makeLargeFlow(300).steps, { measure }).isFolded).toBe(false);
    expect(layoutSteps(makeLargeFlow(301).steps, { measure }).isFolded).toBe(true);
  });

  it('has names that begin alike up to their last part', () => {
    expect(['fetch-12', 'a.b.c', 's12', 'scan', 'load_x'].map(toPrefix)).toEqual(['fetch-', 'a.b.', 's', 'scan', 'load_']);
  });
});

describe('a list of steps that is no flow', () => {
  const step = (id: string, dependsOn: string[], alternativeOf?: string): GraphStep => ({ id, uses: 'tool:x', work: 'task', dependsOn, critical: true, always: false, forEach: false, maxAttempts: 1, alternativeOf });

  it('is drawn without what cannot be drawn: names that no step has, and circles', () => {
    const layout = layoutSteps([step('a', ['b', 'gone']), step('b', ['a']), step('c', ['d']), step('d', [], 'c')], { measure });
    expect(layout.nodes).toHaveLength(4);
    expect(layout.edges.map(({ id }) => id)).toEqual(['d → c']);
    expectApart(layout.nodes, layout);
  });
});
