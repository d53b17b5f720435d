import type { PlainSnapshot } from './driven.ts';

interface AnyRef {
  readonly id: string;
  getSnapshot(): unknown;
}

const isRef = (value: unknown): value is AnyRef =>
  typeof value === 'object' && value !== null && 'getSnapshot' in value && 'id' in value;

/** A value as JSON would keep it, references to actors as their ids. */
function toPlain(value: unknown): unknown {
  if (isRef(value)) return { actor: value.id };
  if (value instanceof Error) return value.message;
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries.map(([key, one]) => [key, toPlain(one)]));
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
  const plain: Record<string, unknown> = {
    status,
    value: toPlain(value),
    context: toPlain(context),
    output: toPlain(output),
    error: toPlain(error),
    ...(tags && { tags: [...tags].toSorted() }),
    ...(children && { children: Object.fromEntries(kept.map(child => [child.id, toPlainSnapshot(child.getSnapshot())])) }),
  };
  return Object.fromEntries(Object.entries(plain).filter(([, one]) => one !== undefined)) as unknown as PlainSnapshot;
}
