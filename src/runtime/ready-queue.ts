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

/** Positions of ready steps, a binary heap by rank. */
export class ReadyQueue {
  readonly #rank: Int32Array;
  #heap: number[] = [];

  constructor(plan: FlowPlan) {
    this.#rank = rankSteps(plan);
  }

  static from(plan: FlowPlan, positions: readonly number[]): ReadyQueue {
    const queue = new ReadyQueue(plan);
    for (const position of positions) queue.push(position);
    return queue;
  }

  copy(plan: FlowPlan): ReadyQueue {
    const copy = new ReadyQueue(plan);
    copy.#heap = [...this.#heap];
    return copy;
  }

  get size(): number {
    return this.#heap.length;
  }

  peek(): number | undefined {
    return this.#heap[0];
  }

  clear(): void {
    this.#heap.length = 0;
  }

  push(position: number): void {
    const heap = this.#heap;
    let child = heap.length;
    heap.push(position);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(position, heap[parent] as number)) break;
      heap[child] = heap[parent] as number;
      child = parent;
    }
    heap[child] = position;
  }

  pop(): number | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as number, heap[child] as number)) child++;
      if (!this.#before(heap[child] as number, last)) break;
      heap[parent] = heap[child] as number;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }

  #before(a: number, b: number): boolean {
    return (this.#rank[a] as number) < (this.#rank[b] as number);
  }
}
