import { Heap } from '../core/heap.ts';
import { rankSteps } from '../core/step-ranks.ts';
import type { FlowPlan } from '../definition/plan.ts';

const ranks = new WeakMap<FlowPlan, Int32Array>();

function getRanks(plan: FlowPlan): Int32Array {
  const known = ranks.get(plan);
  if (known) return known;
  const rank = rankSteps(plan.steps.map(step => step.dependsOn));
  ranks.set(plan, rank);
  return rank;
}

/** Positions of ready steps, the most urgent first. */
export type ReadyQueue = Heap<number>;

export function createReadyQueue(plan: FlowPlan, positions: readonly number[] = []): ReadyQueue {
  const rank = getRanks(plan);
  const queue = new Heap<number>((a, b) => (rank[a] as number) < (rank[b] as number));
  for (const position of positions) queue.push(position);
  return queue;
}
