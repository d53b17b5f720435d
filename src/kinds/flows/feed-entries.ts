import type { FeedRow } from '../../../persistence/feed-store.ts';
import { toAddress, toLocalAddress } from '../../core/address.ts';
import { readEntries } from '../../core/journal-text.ts';
import type { FeedEntry } from '../../engine/feed/feed-entry.ts';

/** Transitions of an execution, as a feed tells them. */
export function toTransitionEntries({ number, at, instance: id, generation, seq }: FeedRow, entries: readonly (readonly unknown[])[]): FeedEntry[] {
  return (readEntries(entries) as readonly (readonly [string, FeedEntry['event'], string | null])[]).map(([address, event, state], index) => ({
    number, at, kind: 'flow', id, generation: generation ?? 1, seq: (seq ?? 1) + index, address: toAddress(id, address), event, state,
  }));
}

/** What steps made beside their outputs, labels, and what was deleted. */
export function toFactEntries({ number, at, instance: id, generation }: FeedRow, entries: readonly (readonly unknown[])[]): FeedEntry[] {
  return (entries as readonly (readonly [string, { readonly stepId?: string; readonly item?: number }])[]).map(([type, { stepId, item = -1, ...rest }]) => {
    const address = toAddress(id, stepId === undefined ? '' : toLocalAddress(stepId, item));
    return { number, at, kind: 'flow', id, ...(generation !== null && { generation }), address, event: { ...rest, type }, state: null };
  });
}
