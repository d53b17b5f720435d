import type { StepGraph } from './graph.ts';
import { sortSteps } from './graph.ts';

/**
 * Finds for each step the last one that everything before it comes through; -1: the beginning of the flow.
 *
 * The graph must have no cycle.
 */
export function findDominators(graph: StepGraph): number[] {
  const dominators = graph.upstream.map(() => -1);
  const depths = graph.upstream.map(() => 1);
  const meet = (a: number, b: number): number => {
    let [left, right] = [a, b];
    while (left !== right) {
      if (left === -1 || right === -1) return -1;
      if ((depths[left] as number) >= (depths[right] as number)) left = dominators[left] as number;
      else right = dominators[right] as number;
    }
    return left;
  };
  for (const position of sortSteps(graph)) {
    const upstream = graph.upstream[position] ?? [];
    const [first, ...others] = upstream;
    if (first === undefined) continue;
    const dominator = others.reduce(meet, first);
    dominators[position] = dominator;
    depths[position] = dominator === -1 ? 1 : (depths[dominator] as number) + 1;
  }
  return dominators;
}
