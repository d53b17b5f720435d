import type { PlainSnapshot } from './driven.ts';
import { tellApart } from './tell-apart.ts';

interface AnyRef {
  readonly id: string;
  getSnapshot(): unknown;
}

/** Takes a snapshot apart: of a machine, or of any other logic. Children that have ended are left out. */
export function toPlainSnapshot(snapshot: unknown): PlainSnapshot {
  const { status, value, context, output, error, tags, children } = snapshot as {
    status: string;
    value?: unknown;
    context?: unknown;
    output?: unknown;
    error?: unknown;
    tags?: Iterable<string>;
    children?: { readonly [id: string]: AnyRef | undefined };
  };
  const kept = Object.values(children ?? {}).filter(child => child !== undefined);
  const plain = {
    status,
    ...Object.fromEntries(Object.entries({ value, context, output, error }).filter(([, one]) => one !== undefined).map(([name, one]) => [name, tellApart(one)])),
    ...(tags && { tags: [...tags].toSorted() }),
    ...(children && { children: Object.fromEntries(kept.map(child => [child.id, toPlainSnapshot(child.getSnapshot())])) }),
  };
  return plain as unknown as PlainSnapshot;
}
