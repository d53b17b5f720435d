/** A place in a layer: a node, or where a long edge passes. */
export interface Slot {
  /** Length of its side along the layer, px. */
  readonly across: number;
  readonly layer: number;
  /** Whether it is only passed by an edge. */
  readonly passed: boolean;
  /** Links to the layer before, and to the one after. */
  readonly before: Link[];
  readonly after: Link[];
  /** Place in its layer, 0-based. */
  order: number;
  /** Centre across, px. */
  at: number;
}

/** One end of an edge between neighbouring layers, seen from the other end. */
export interface Link {
  readonly slot: Slot;
  /** Where the edge touches the other slot, px from its centre. */
  readonly there: number;
  /** Where it touches this one. */
  readonly here: number;
}

/** Counts what a layout does, so that tests bound work and not time. */
export interface Work {
  steps: number;
}

/** Where a link touches its other end, in units of places: links to one slot keep the order of their ports. */
const placeOf = ({ slot, there }: Link): number => slot.order + (slot.across > 0 ? there / (slot.across + 1) : 0);

/** Pairs that are in the wrong order, by merging. */
function countInversions(values: Float64Array, room: Float64Array, from: number, to: number): number {
  if (to - from < 2) return 0;
  const middle = (from + to) >> 1;
  let count = countInversions(values, room, from, middle) + countInversions(values, room, middle, to);
  let [left, right, next] = [from, middle, from];
  while (left < middle || right < to) {
    const takesLeft = right >= to || (left < middle && values[left]! <= values[right]!);
    if (!takesLeft) count += middle - left;
    room[next++] = takesLeft ? values[left++]! : values[right++]!;
  }
  values.set(room.subarray(from, to), from);
  return count;
}

/** Crossings between each layer and the next. */
function countCrossings(layers: readonly (readonly Slot[])[], work: Work): number {
  let count = 0;
  for (const layer of layers) {
    const ends: number[] = [];
    for (const slot of layer) {
      const links = slot.after.map(link => ({ here: link.here, place: placeOf(link) })).toSorted((a, b) => a.here - b.here || a.place - b.place);
      for (const { place } of links) ends.push(place);
    }
    work.steps += ends.length + 1;
    count += countInversions(Float64Array.from(ends), new Float64Array(ends.length), 0, ends.length);
  }
  return count;
}

const number = (layer: readonly Slot[]): void => layer.forEach((slot, order) => (slot.order = order));

/** Sorts a layer by the mean place of what each slot is linked to; a slot without links stays where it is. */
function sortByMean(layer: Slot[], side: 'before' | 'after', work: Work): void {
  const fixed = new Map<number, Slot>();
  const moving: { readonly slot: Slot; readonly mean: number }[] = [];
  for (const slot of layer) {
    const links = slot[side];
    work.steps += links.length + 1;
    if (links.length === 0) fixed.set(slot.order, slot);
    else moving.push({ slot, mean: links.reduce((sum, link) => sum + placeOf(link), 0) / links.length });
  }
  moving.sort((a, b) => a.mean - b.mean || a.slot.order - b.slot.order);
  let next = 0;
  for (let place = 0; place < layer.length; place++) layer[place] = fixed.get(place) ?? (moving[next++] as { slot: Slot }).slot;
  number(layer);
}

/** Crossings of the links of two neighbours, in this order. */
function countBetween(left: readonly Link[], right: readonly Link[]): number {
  let count = 0;
  for (const a of left) for (const b of right) if (placeOf(a) > placeOf(b)) count++;
  return count;
}

/** Swaps neighbours as long as that takes crossings away. */
function swapNeighbours(layers: readonly Slot[][], work: Work, maxSteps: number): void {
  for (let better = true; better && work.steps < maxSteps;) {
    better = false;
    for (const layer of layers) {
      for (let place = 0; place + 1 < layer.length; place++) {
        const [a, b] = [layer[place]!, layer[place + 1]!];
        work.steps += a.before.length * b.before.length + a.after.length * b.after.length + 1;
        const now = countBetween(a.before, b.before) + countBetween(a.after, b.after);
        const then = countBetween(b.before, a.before) + countBetween(b.after, a.after);
        if (then >= now) continue;
        [layer[place], layer[place + 1]] = [b, a];
        [a.order, b.order] = [b.order, a.order];
        better = true;
      }
    }
  }
}

/** Orders each layer so that few edges cross, in place. Returns the crossings that are left. */
export function orderLayers(layers: Slot[][], work: Work, { sweeps = 24, maxSteps = 1_000_000 } = {}): number {
  layers.forEach(number);
  let best = layers.map(layer => layer.slice());
  let fewest = countCrossings(layers, work);
  // From the order of the definition, and from its mirror image: each finds what the other misses.
  for (const start of [best, best.map(layer => layer.toReversed())]) {
    for (const [index, layer] of start.entries()) layers[index] = layer.slice();
    layers.forEach(number);
    for (let sweep = 0, idle = 0; sweep < sweeps && idle < 6 && fewest > 0 && work.steps < maxSteps; sweep++) {
      const down = sweep % 2 === 0;
      for (const layer of down ? layers : layers.toReversed()) sortByMean(layer, down ? 'before' : 'after', work);
      swapNeighbours(layers, work, maxSteps);
      const count = countCrossings(layers, work);
      idle = count < fewest ? 0 : idle + 1;
      if (count >= fewest) continue;
      fewest = count;
      best = layers.map(layer => layer.slice());
    }
  }
  for (const [index, layer] of best.entries()) layers[index] = layer;
  layers.forEach(number);
  return fewest;
}
