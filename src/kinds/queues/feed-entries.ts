import type { FeedRow } from '../../../persistence/feed-store.ts';
import type { FeedEntry } from '../../engine/feed/feed-entry.ts';

/** Of each message its id, then what was added to its history: `[at, event, state, detail?]` each. */
export function toMessageEntries({ number, instance: id }: FeedRow, entries: readonly (readonly unknown[])[]): FeedEntry[] {
  return (entries as readonly (readonly [string, ...(readonly unknown[])[]])[]).flatMap(([messageId, ...history]) =>
    history.map(([at, type, state, detail]) => ({
      number, at: Number(at), kind: 'queue' as const, id, address: messageId, event: { ...(detail as object | undefined), type: String(type) }, state: (state ?? null) as string | null,
    })),
  );
}
