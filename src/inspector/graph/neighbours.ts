/** Where the arrow keys lead from a node; undefined: nowhere. */
export interface Neighbours {
  readonly left: string | undefined;
  readonly right: string | undefined;
  readonly up: string | undefined;
  readonly down: string | undefined;
}

interface Placed {
  readonly id: string;
  readonly x: number;
  readonly width: number;
}

/**
 * Says where arrow keys lead: left and right through all nodes in reading order, so that each can be reached; up and
 * down to the nearest one of the row above or below.
 */
export function findNeighbours(rows: readonly (readonly Placed[])[]): ReadonlyMap<string, Neighbours> {
  const all = rows.flat();
  const nearest = (row: readonly Placed[] | undefined, { x, width }: Placed): string | undefined => {
    const distance = (other: Placed): number => Math.abs(other.x + other.width / 2 - x - width / 2);
    return row?.reduce((best, other) => (distance(other) < distance(best) ? other : best)).id;
  };
  const found = new Map<string, Neighbours>();
  for (const [index, row] of rows.entries()) {
    for (const node of row) {
      const place = found.size;
      found.set(node.id, { left: all[place - 1]?.id, right: all[place + 1]?.id, up: nearest(rows[index - 1], node), down: nearest(rows[index + 1], node) });
    }
  }
  return found;
}
