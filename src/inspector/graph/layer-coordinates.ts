import type { Link, Slot, Work } from './layer-order.ts';

/** Room between neighbours of a layer, px. */
export interface Gaps {
  readonly nodes: number;
  /** Beside an edge that passes. */
  readonly edges: number;
}

/** Distance of the centres of two neighbours, at least. */
function separate(left: Slot, right: Slot, gaps: Gaps): number {
  return (left.across + right.across) / 2 + (left.passed && right.passed ? gaps.edges : left.passed || right.passed ? (gaps.edges + gaps.nodes) / 2 : gaps.nodes);
}

type Side = 'before' | 'after';

/** Links that cross a long edge where both its ends are passed: long edges are straight, so these give way. */
function findConflicts(layers: readonly (readonly Slot[])[], work: Work): ReadonlySet<Link> {
  const found = new Set<Link>();
  const isLong = ({ slot }: Link, of: Slot): boolean => slot.passed && of.passed;
  for (const layer of layers) {
    // Between two long edges, links from here may only lead between their other ends.
    let [start, least] = [0, -1];
    for (const [place, slot] of layer.entries()) {
      const long = slot.before.find(link => isLong(link, slot));
      if (!long && place < layer.length - 1) continue;
      const most = long ? long.slot.order : Infinity;
      for (; start <= place; start++) {
        const between = layer[start]!;
        work.steps += between.before.length;
        for (const link of between.before) if (!isLong(link, between) && (link.slot.order < least || link.slot.order > most)) found.add(link);
      }
      least = most;
    }
  }
  return found;
}

/** Slots in one straight line, by the first of them; `shift` is how far a slot is from that one across, because of ports. */
interface Lines {
  readonly first: Map<Slot, Slot>;
  readonly shift: Map<Slot, number>;
}

/** Puts each slot in line with the middle one of what it is linked to, where no line before it is in the way. */
function formLines(layers: readonly (readonly Slot[])[], side: Side, placeOf: (slot: Slot) => number, conflicts: ReadonlySet<Link>, mirror: 1 | -1): Lines {
  const first = new Map<Slot, Slot>();
  const shift = new Map<Slot, number>();
  const taken = new Set<Slot>();
  for (const layer of layers) {
    let last = -1;
    for (const slot of layer) {
      first.set(slot, slot);
      shift.set(slot, 0);
      const links = slot[side].toSorted((a, b) => placeOf(a.slot) - placeOf(b.slot) || mirror * (a.there - b.there));
      const middle = (links.length - 1) / 2;
      for (const link of links.slice(Math.floor(middle), Math.ceil(middle) + 1)) {
        if (first.get(slot) !== slot || taken.has(link.slot) || placeOf(link.slot) <= last) continue;
        // The same link, seen from its later end, where conflicts are kept.
        const kept = side === 'before' ? link : link.slot.before.find(other => other.slot === slot && other.there === link.here && other.here === link.there);
        if (kept && conflicts.has(kept)) continue;
        taken.add(link.slot);
        first.set(slot, first.get(link.slot)!);
        shift.set(slot, shift.get(link.slot)! + mirror * (link.there - link.here));
        last = placeOf(link.slot);
      }
    }
  }
  return { first, shift };
}

/** Moves lines together as far as they go, to the left; then each to the right as far as it has room. */
function pack(layers: readonly (readonly Slot[])[], { first, shift }: Lines, gaps: Gaps, work: Work): Map<Slot, number> {
  const before = new Map<Slot, Map<Slot, number>>();
  const after = new Map<Slot, Map<Slot, number>>();
  const note = (map: Map<Slot, Map<Slot, number>>, from: Slot, to: Slot, room: number): void => {
    const list = map.get(from) ?? new Map<Slot, number>();
    map.set(from, list.set(to, Math.max(list.get(to) ?? -Infinity, room)));
  };
  for (const layer of layers) {
    for (const [place, right] of layer.entries()) {
      const left = layer[place - 1];
      if (!left) continue;
      work.steps++;
      const room = separate(left, right, gaps) + shift.get(left)! - shift.get(right)!;
      note(before, first.get(right)!, first.get(left)!, room);
      note(after, first.get(left)!, first.get(right)!, room);
    }
  }
  const at = new Map<Slot, number>();
  const order: Slot[] = [];
  const unmet = new Map([...new Set(first.values())].map(line => [line, before.get(line)?.size ?? 0]));
  const ready = [...unmet].flatMap(([line, count]) => (count === 0 ? [line] : []));
  for (let line = ready.pop(); line; line = ready.pop()) {
    order.push(line);
    let least = 0;
    for (const [other, room] of before.get(line) ?? []) least = Math.max(least, at.get(other)! + room);
    at.set(line, least);
    for (const other of after.get(line)?.keys() ?? []) {
      const left = unmet.get(other)! - 1;
      unmet.set(other, left);
      if (left === 0) ready.push(other);
    }
  }
  for (const line of order.toReversed()) {
    let most = Infinity;
    for (const [other, room] of after.get(line) ?? []) most = Math.min(most, at.get(other)! - room);
    if (most !== Infinity) at.set(line, Math.max(at.get(line)!, most));
  }
  return new Map([...first].map(([slot, line]) => [slot, at.get(line)! + shift.get(slot)!]));
}

/**
 * Gives each slot its place across, in place; the least edge is at 0. Returns the length of the longest layer.
 *
 * After Brandes and Köpf (2001), "Fast and simple horizontal coordinate assignment": lines are formed and packed from all
 * four corners, and each slot stands at the mean of the middle two. Ports shift slots within their line, as in ELK.
 */
export function placeAcross(layers: readonly (readonly Slot[])[], gaps: Gaps, work: Work): number {
  const conflicts = findConflicts(layers, work);
  const ways: { readonly places: Map<Slot, number>; readonly mirror: 1 | -1 }[] = [];
  for (const side of ['before', 'after'] as const) {
    for (const mirror of [1, -1] as const) {
      const seen = (side === 'before' ? layers : layers.toReversed()).map(layer => (mirror === 1 ? layer : layer.toReversed()));
      const placeOf = (slot: Slot): number => (mirror === 1 ? slot.order : layers[slot.layer]!.length - 1 - slot.order);
      const places = pack(seen, formLines(seen, side, placeOf, conflicts, mirror), gaps, work);
      ways.push({ mirror, places: new Map([...places].map(([slot, at]) => [slot, mirror * at])) });
    }
  }
  const slots = layers.flat();
  if (slots.length === 0) return 0;
  const spans = ways.map(({ places }) => {
    let [least, most] = [Infinity, -Infinity];
    for (const slot of slots) {
      least = Math.min(least, places.get(slot)! - slot.across / 2);
      most = Math.max(most, places.get(slot)! + slot.across / 2);
    }
    return { least, most };
  });
  const narrowest = spans.reduce((best, span) => (span.most - span.least < best.most - best.least ? span : best));
  // Packed from the left they meet the narrowest one at its left, else at its right.
  const moves = ways.map(({ mirror }, way) => (mirror === 1 ? narrowest.least - spans[way]!.least : narrowest.most - spans[way]!.most));
  let [least, most] = [Infinity, -Infinity];
  for (const slot of slots) {
    const [, second = 0, third = 0] = ways.map(({ places }, way) => places.get(slot)! + moves[way]!).toSorted((a, b) => a - b);
    slot.at = (second + third) / 2;
    least = Math.min(least, slot.at - slot.across / 2);
    most = Math.max(most, slot.at + slot.across / 2);
  }
  for (const slot of slots) slot.at -= least;
  return most - least;
}
