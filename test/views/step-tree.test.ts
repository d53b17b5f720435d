import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDominators } from '../../src/definition/dominators.ts';
import { createGraph, listAncestors, sortSteps, type StepGraph } from '../../src/definition/graph.ts';
import { createPalette } from '../../src/views/terminal/palette.ts';
import { measure } from '../../src/views/terminal/plain-text.ts';
import { renderStepTree, type TreeStep } from '../../src/views/terminal/step-tree.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';

const palette = createPalette({ colors: false, unicode: true });
const plain = createPalette({ colors: false, unicode: false });
const step = (stepId: string, ...dependsOn: string[]): TreeStep => ({ stepId, dependsOn, status: 'completed', figures: ['1ms', ''], note: '' });
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 25 })
  .map(lists => lists.map((list, position) => (position === 0 ? [] : [...new Set(list.map(n => n % position))])));

/** Whether every way to a step leads through another. */
function dominates(graph: StepGraph, dominator: number, position: number): boolean {
  const without = createGraph(graph.upstream.map((list, at) => (at === dominator ? [] : list)));
  const reached = [position, ...listAncestors(without, position)];
  return reached.includes(dominator) && reached.every(at => at === dominator || (graph.upstream[at]?.length ?? 0) > 0);
}

describe('the dominators of a flow', () => {
  it('are the last steps that everything before comes through', () => {
    fc.assert(fc.property(acyclic, upstream => {
      const graph = createGraph(upstream);
      for (const [position, dominator] of findDominators(graph).entries()) {
        const all = [...graph.upstream.keys()].filter(at => at !== position && dominates(graph, at, position));
        const order = sortSteps(graph);
        const last = all.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)).at(-1) ?? -1;
        expect(dominator).toBe(last);
      }
    }));
  });
});

describe('a flow as a tree', () => {
  it('keeps chains and joins at the left, and branches on their fork', () => {
    const steps = [step('a'), step('b', 'a'), step('c', 'b'), step('d', 'b'), step('d2', 'd'), step('e', 'c', 'd2', 'a'), step('f', 'e'), step('g', 'e')];
    expect(renderStepTree(steps, palette, 100)).toBe([
      ' ✔ a      completed  1ms',
      ' ✔ b      completed  1ms',
      ' ├─ ✔ c   completed  1ms',
      ' └─ ✔ d   completed  1ms',
      '    ✔ d2  completed  1ms',
      ' ✔ e      completed  1ms  ← c, d2',
      ' ├─ ✔ f   completed  1ms',
      ' └─ ✔ g   completed  1ms',
    ].join('\n'));
    expect(renderStepTree(steps.slice(0, 4), plain, 60)).toBe([' + a     1ms', ' + b     1ms', ' |- + c  1ms', ' `- + d  1ms'].join('\n'));
  });

  it('has a line for every step, after what it waits for, never wider than the terminal', () => {
    const anyText = fc.string({ unit: 'grapheme', maxLength: 120 });
    fc.assert(fc.property(acyclic, fc.integer({ min: 40, max: 160 }), anyText, fc.constantFrom('failed', 'running', undefined), (upstream, columns, note, status) => {
      const steps = upstream.map((list, position): TreeStep => ({ stepId: `step_${position}`, dependsOn: list.map(at => `step_${at}`), ...(status && { status }), figures: ['1.5s', '2/3'], note }));
      const lines = renderStepTree(steps, palette, columns).split('\n');
      for (const line of lines) expect(measure(line), line).toBeLessThanOrEqual(columns);
      const order = lines.map(line => /step_(\d+)/.exec(line)?.[1]).filter(found => found !== undefined).map(Number);
      if (columns < 100) return;
      expect(order.toSorted((a, b) => a - b)).toEqual([...steps.keys()]);
      for (const [position, list] of upstream.entries()) for (const at of list) expect(order.indexOf(at)).toBeLessThan(order.indexOf(position));
    }));
  });

  it('shows a real pipeline of 61 steps at most six levels deep', () => {
    const { steps } = pipelineFlow();
    const lines = renderStepTree(steps.map(({ id, depends_on }) => ({ stepId: id, dependsOn: depends_on, figures: [], note: '' })), palette, 120).split('\n');
    expect(lines).toHaveLength(61);
    expect(Math.max(...lines.map(line => line.indexOf('●')))).toBeLessThanOrEqual(1 + 6 * 3);
    for (const { id } of steps) expect(lines.filter(line => new RegExp(`● ${id}(?: |$)`).test(line)), id).toHaveLength(1);
  });
});
