import { Heap } from '../core/heap.ts';
import type { FlowPlan } from '../definition/plan.ts';

const ranks = new WeakMap<FlowPlan, Int32Array>();

/** Orders steps by the longest path that still follows them, then by position: what most waits for goes first. */
function rankSteps(plan: FlowPlan): Int32Array {
  const known = ranks.get(plan);
  if (known) return known;
  const { steps } = plan;
  const depth = new Int32Array(steps.length);
  const waiting = Int32Array.from(steps, step => step.dependents.length);
  const stack = steps.filter(step => step.dependents.length === 0).map(step => step.position);
  for (let position = stack.pop(); position !== undefined; position = stack.pop()) {
    for (const upstream of steps[position]?.dependsOn ?? []) {
      depth[upstream] = Math.max(depth[upstream] as number, (depth[position] as number) + 1);
      const left = (waiting[upstream] as number) - 1;
      waiting[upstream] = left;
      if (left === 0) stack.push(upstream);
    }
  }
  const order = steps.map(step => step.position).toSorted((a, b) => (depth[b] as number) - (depth[a] as number) || a - b);
  const rank = new Int32Array(steps.length);
  order.forEach((position, index) => (rank[position] = index));
  ranks.set(plan, rank);
  return rank;
}

/** Positions of ready steps, the most urgent first. */
export type ReadyQueue = Heap<number>;

export function createReadyQueue(plan: FlowPlan, positions: readonly number[] = []): ReadyQueue {
  const rank = rankSteps(plan);
  const queue = new Heap<number>((a, b) => (rank[a] as number) < (rank[b] as number));
  for (const position of positions) queue.push(position);
  return queue;
}
