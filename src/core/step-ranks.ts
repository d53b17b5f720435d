/**
 * Ranks steps by the longest path that still follows them, then by position: what most waits for goes first, rank 0.
 *
 * `dependsOn` lists for each step the positions it waits for; there must be no cycle.
 */
export function rankSteps(dependsOn: readonly (readonly number[])[]): Int32Array {
  const depth = new Int32Array(dependsOn.length);
  const waiting = new Int32Array(dependsOn.length);
  for (const upstream of dependsOn) for (const position of upstream) waiting[position]! += 1;
  const stack = [...dependsOn.keys()].filter(position => waiting[position] === 0);
  for (let position = stack.pop(); position !== undefined; position = stack.pop()) {
    for (const upstream of dependsOn[position] ?? []) {
      depth[upstream] = Math.max(depth[upstream] as number, (depth[position] as number) + 1);
      const left = (waiting[upstream] as number) - 1;
      waiting[upstream] = left;
      if (left === 0) stack.push(upstream);
    }
  }
  const order = [...dependsOn.keys()].toSorted((a, b) => (depth[b] as number) - (depth[a] as number) || a - b);
  const rank = new Int32Array(dependsOn.length);
  order.forEach((position, index) => (rank[position] = index));
  return rank;
}
