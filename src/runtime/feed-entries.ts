import type { FeedRow } from '../../persistence/feed-store.ts';
import { readStored } from '../core/stored-value.ts';
import type { FeedEntry } from '../engine/feed/feed-entry.ts';
import { toEventEntries } from '../engine/feed/feed-entry.ts';
import { toFactEntries, toTransitionEntries } from '../kinds/flows/feed-entries.ts';
import { toMessageEntries } from '../kinds/queues/feed-entries.ts';

/** Takes a row of the journal apart, each kind's as that kind writes it. @param redact takes out of a text what must not be told */
export const createEntryReader = (redact: (text: string) => string) => (row: FeedRow): readonly FeedEntry[] => {
  const { kind, number, at, instance } = row;
  const entries = readStored<readonly (readonly unknown[])[]>('journal.entries', number, redact(row.entries));
  if (kind === 'flow') return toTransitionEntries(row, entries);
  if (kind === 'queue') return toMessageEntries(row, entries);
  if (kind === 'actor') return toEventEntries(number, at, ['actor', instance], entries);
  if (kind === 'kind') return toEventEntries(number, at, split(instance), entries.map(([seq, address, event]) => [seq, address === '' ? split(instance)[1] : address, event]));
  if (kind === 'made' || isOfExecution(entries)) return toFactEntries(row, entries);
  return entries.map(([type]) => ({ number, at, kind: toName(String(type)), id: instance, address: instance, event: { type: String(type) }, state: null }));
};

/** `<kind>/<id>`. */
const split = (instance: string): readonly [kind: string, id: string] => [instance.slice(0, instance.indexOf('/')), instance.slice(instance.indexOf('/') + 1)];
/** `<kind>.deleted`. */
const toName = (type: string): string => type.slice(0, type.lastIndexOf('.'));
const isOfExecution = ([first]: readonly (readonly unknown[])[]): boolean => String(first?.[0]).startsWith('execution.');
