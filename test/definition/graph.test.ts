import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGraph, findCycles, findNotUpstream, listAncestors, reduceGraph, sortSteps } from '../../src/definition/graph.ts';

/** Graphs of up to 40 steps with any edges. */
const anyGraph = fc.integer({ min: 1, max: 40 }).chain(size =>
  fc.array(fc.uniqueArray(fc.nat({ max: size - 1 }), { maxLength: 4 }), { minLength: size, maxLength: size }).map(createGraph),
);
/** Without cycles: each step waits for earlier ones only. */
const acyclicGraph = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 80 })
  .map(lists => createGraph(lists.map((list, position) => (position === 0 ? [] : [...new Set(list.map(n => n % position))]))));

const sort = (list: readonly { step: number; ancestor: number }[]) => list.map(({ step, ancestor }) => step * 1_000 + ancestor).toSorted((a, b) => a - b);

describe('the graph of steps', () => {
  it('is sorted so that each step comes after what it waits for', () => {
    fc.assert(
      fc.property(acyclicGraph, graph => {
        const order = sortSteps(graph);
        const places = new Map(order.map((position, place) => [position, place]));
        expect(order).toHaveLength(graph.upstream.length);
        for (const [position, list] of graph.upstream.entries()) for (const other of list) expect(places.get(other)).toBeLessThan(places.get(position) as number);
        expect(findCycles(graph)).toEqual([]);
      }),
    );
  });

  it('has a cycle exactly when it cannot be sorted, and every cycle found is one', () => {
    fc.assert(
      fc.property(anyGraph, graph => {
        const cycles = findCycles(graph);
        expect(cycles.length > 0).toBe(sortSteps(graph).length < graph.upstream.length);
        for (const cycle of cycles) {
          for (const [place, position] of cycle.entries()) expect(graph.upstream[position]).toContain(cycle[(place + 1) % cycle.length]);
        }
      }),
    );
  });

  it('knows what is upstream, asked one by one or all at once', () => {
    fc.assert(
      fc.property(acyclicGraph, graph => {
        const queries = graph.upstream.flatMap((_, step) => graph.upstream.map((__, ancestor) => ({ step, ancestor })));
        const missing = queries.filter(({ step, ancestor }) => !listAncestors(graph, step).includes(ancestor));
        expect(sort(findNotUpstream(graph, queries))).toEqual(sort(missing));
      }),
    );
  });

  it('is reduced to the fewest edges that say the same', () => {
    fc.assert(
      fc.property(acyclicGraph, graph => {
        const reduced = reduceGraph(graph);
        for (const position of graph.upstream.keys()) {
          const direct = reduced.upstream[position] ?? [];
          expect(listAncestors(reduced, position)).toEqual(listAncestors(graph, position));
          for (const edge of direct) expect(direct.some(other => other !== edge && listAncestors(graph, other).includes(edge))).toBe(false);
        }
      }),
    );
  });

  it('holds a chain of 100,000 steps, each asking for the first and for one half way', () => {
    const size = 100_000;
    const graph = createGraph(Array.from({ length: size }, (_, position) => (position === 0 ? [] : [position - 1])));
    const queries = Array.from({ length: size - 1 }, (_, at) => [{ step: at + 1, ancestor: 0 }, { step: at + 1, ancestor: (at + 1) % 3_000 }]).flat();
    expect(findNotUpstream(graph, queries).filter(({ step, ancestor }) => ancestor < step)).toEqual([]);
    expect(findNotUpstream(graph, [{ step: 5, ancestor: 9 }])).toEqual([{ step: 5, ancestor: 9 }]);
    const ring = createGraph(Array.from({ length: size }, (_, position) => [(position + 1) % size]));
    expect(findCycles(ring).map(cycle => cycle.length)).toEqual([size]);
  });
});
