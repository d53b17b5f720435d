import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayeredEdge, LayeredLayout, LayeredNode } from '../../../src/inspector/graph/layered.ts';
import { layoutLayered } from '../../../src/inspector/graph/layered.ts';
import { findOverlaps } from './picture-rules.ts';

const options = { gapAlong: 40, gaps: { nodes: 20, edges: 14 } };

/** A graph without circles; ports are where edges touch, inside the side of a box. */
const graph: fc.Arbitrary<{ nodes: LayeredNode[]; edges: LayeredEdge[] }> = fc
  .array(fc.record({ along: fc.integer({ min: 0, max: 80 }), across: fc.integer({ min: 1, max: 200 }) }), { minLength: 1, maxLength: 30 })
  .chain(nodes => fc.tuple(fc.constant(nodes), fc.array(fc.tuple(fc.nat(nodes.length - 1), fc.nat(nodes.length - 1), fc.double({ min: -0.5, max: 0.5, noNaN: true }), fc.double({ min: -0.5, max: 0.5, noNaN: true })), { maxLength: 60 })))
  .map(([nodes, links]) => ({
    nodes,
    edges: links.filter(([a, b]) => a !== b).map(([a, b, one, other]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return { from, to, fromPort: one * nodes[from]!.across, toPort: other * nodes[to]!.across };
    }),
  }));

const toBoxes = (nodes: readonly LayeredNode[], layout: LayeredLayout) =>
  nodes.map(({ along, across }, node) => ({ x: layout.nodes[node]!.across - across / 2, y: layout.nodes[node]!.along - along / 2, width: across, height: along }));

describe('a layered layout', () => {
  it('keeps boxes apart and inside the picture, with the room that was asked for', () => {
    fc.assert(fc.property(graph, ({ nodes, edges }) => {
      const layout = layoutLayered(nodes, edges, options);
      const boxes = toBoxes(nodes, layout);
      expect(layout.nodes).toHaveLength(nodes.length);
      expect(findOverlaps(boxes.map(box => ({ x: box.x - 9.9, y: box.y, width: box.width + 19.8, height: box.height })))).toEqual([]);
      for (const { x, y, width, height } of boxes) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(-1e-6);
        expect(x + width).toBeLessThanOrEqual(layout.across + 1e-6);
        expect(y + height).toBeLessThanOrEqual(layout.along + 1e-6);
      }
    }));
  });

  it('leads each edge forward, from the port where it begins to the port where it ends, through no box', () => {
    fc.assert(fc.property(graph, ({ nodes, edges }) => {
      const layout = layoutLayered(nodes, edges, options);
      const boxes = toBoxes(nodes, layout);
      for (const [edge, { from, to, fromPort = 0, toPort = 0 }] of edges.entries()) {
        const points = layout.edges[edge]!;
        expect(layout.nodes[from]!.layer).toBeLessThan(layout.nodes[to]!.layer);
        expect(points[0]).toEqual({ along: layout.nodes[from]!.along + nodes[from]!.along / 2, across: layout.nodes[from]!.across + fromPort });
        expect(points.at(-1)).toEqual({ along: layout.nodes[to]!.along - nodes[to]!.along / 2, across: layout.nodes[to]!.across + toPort });
        for (const [place, point] of points.entries()) {
          const before = points[place - 1];
          if (!before) continue;
          expect(point.along).toBeGreaterThanOrEqual(before.along - 1e-9);
          // It goes across only where no box is: from the end of one layer to the beginning of the next.
          const [low, high] = [Math.min(before.across, point.across), Math.max(before.across, point.across)];
          const pierced = boxes.filter(({ x, y, width, height }) => x < high - 1e-6 && x + width > low + 1e-6 && y < point.along - 1e-6 && y + height > before.along + 1e-6);
          expect(pierced).toEqual([]);
        }
      }
    }));
  });

  it('comes out the same each time, whatever was laid out before', () => {
    fc.assert(fc.property(graph, ({ nodes, edges }) => {
      expect(layoutLayered(nodes, edges, options)).toEqual(layoutLayered(structuredClone(nodes), structuredClone(edges), options));
    }), { numRuns: 30 });
  });

  it('draws a tree without a crossing', () => {
    fc.assert(fc.property(fc.array(fc.nat(1_000), { maxLength: 25 }), parents => {
      const edges = parents.map((parent, index) => ({ from: parent % (index + 1), to: index + 1 }));
      const nodes = [...parents, 0].map(() => ({ along: 30, across: 100 }));
      expect(layoutLayered(nodes, edges, options).crossings).toBe(0);
    }));
  });

  it('draws a chain, and a long edge beside it, straight', () => {
    const nodes = Array.from({ length: 20 }, () => ({ along: 30, across: 100 }));
    const { nodes: placed, edges } = layoutLayered(nodes, [...nodes.slice(1).map((_, from) => ({ from, to: from + 1 })), { from: 0, to: 19 }], options);
    // Where the long edge begins and ends, a box stands between the two.
    expect(new Set(placed.slice(1, -1).map(({ across }) => across)).size).toBe(1);
    expect(new Set(edges.at(-1)!.slice(2, -2).map(({ across }) => across)).size).toBe(1);
  });

  it('keeps what is pinned in the outermost layers', () => {
    const nodes: LayeredNode[] = [{ along: 0, across: 8, pin: 'first' }, { along: 30, across: 100 }, { along: 30, across: 100 }, { along: 0, across: 8, pin: 'last' }];
    const { nodes: placed, layers } = layoutLayered(nodes, [{ from: 0, to: 2 }, { from: 1, to: 2 }, { from: 1, to: 3 }], options);
    expect([placed[0]!.layer, placed[3]!.layer]).toEqual([0, layers - 1]);
  });

  it('refuses a circle', () => {
    expect(() => layoutLayered([{ along: 1, across: 1 }, { along: 1, across: 1 }], [{ from: 0, to: 1 }, { from: 1, to: 0 }], options)).toThrow('Expected edges without a circle');
  });

  it('gives an empty picture to no nodes', () => {
    expect(layoutLayered([], [], options)).toMatchObject({ nodes: [], edges: [], along: 0, across: 0, layers: 0, crossings: 0 });
  });
});
