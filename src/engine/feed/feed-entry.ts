import { readEntries } from '../../core/journal-text.ts';
import type { FeedRow } from '../../../persistence/feed-store.ts';
import { toAddress, toLocalAddress } from '../../core/address.ts';
import { readStored } from '../../core/stored-value.ts';

/** One thing that happened. */
export interface FeedEntry {
  /** Number of the journal's row that holds it; everything of one commit has consecutive ones. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  readonly kind: 'flow' | 'actor' | 'queue';
  /** The execution, the actor or the queue. */
  readonly id: string;
  /** Of an execution: which life of it. */
  readonly generation?: number;
  /** Its number among the transitions of its execution or actor. */
  readonly seq?: number;
  /** Whom it happened to: an actor's address, or the id of a message. */
  readonly address: string;
  /**
   * What happened. Beside the events of machines: `artifact.stored`, `interaction.started`, `interaction.completed` (`failed`,
   * `cancelled`), `labels.set`, `execution.deleted`, `actor.deleted`.
   */
  readonly event: { readonly type: string; readonly [key: string]: unknown };
  /** The state it led to; null: none, or the event was recorded and ignored. */
  readonly state: string | null;
}

type Event = FeedEntry['event'];

/** Takes a row of the journal apart. @param text its entries, as they may be told */
export function toEntries(row: FeedRow, text: string): FeedEntry[] {
  const entries = readStored<readonly (readonly unknown[])[]>('journal.entries', row.number, text);
  if (row.kind === 'flow') return toTransitions(row, readEntries(entries) as readonly (readonly [string, Event, string | null])[]);
  if (row.kind === 'actor') return toEvents(row, entries as readonly (readonly [number, string, Event])[]);
  if (row.kind === 'queue') return toMessages(row, entries as readonly (readonly [string, ...(readonly unknown[])[]])[]);
  return toFacts(row, entries as readonly (readonly [string, { readonly stepId?: string; readonly item?: number }])[]);
}

function toTransitions({ number, at, instance: id, generation, seq }: FeedRow, entries: readonly (readonly [string, Event, string | null])[]): FeedEntry[] {
  return entries.map(([address, event, state], index) => ({
    number, at, kind: 'flow', id, generation: generation ?? 1, seq: (seq ?? 1) + index, address: toAddress(id, address), event, state,
  }));
}

function toEvents({ number, at, instance: id }: FeedRow, entries: readonly (readonly [number, string, Event])[]): FeedEntry[] {
  return entries.map(([seq, address, event]) => ({ number, at, kind: 'actor', id, seq, address, event, state: null }));
}

/** Of each message its id, then what was added to its history: `[at, event, state, detail?]` each. */
function toMessages({ number, instance: id }: FeedRow, entries: readonly (readonly [string, ...(readonly unknown[])[]])[]): FeedEntry[] {
  return entries.flatMap(([messageId, ...history]) =>
    history.map(([at, type, state, detail]) => ({
      number, at: Number(at), kind: 'queue' as const, id, address: messageId, event: { ...(detail as object | undefined), type: String(type) }, state: (state ?? null) as string | null,
    })),
  );
}

function toFacts({ number, at, instance: id, generation }: FeedRow, entries: readonly (readonly [string, { readonly stepId?: string; readonly item?: number }])[]): FeedEntry[] {
  return entries.map(([type, details]) => {
    const isActor = type.startsWith('actor.');
    const { stepId, item = -1, ...rest } = details;
    const address = isActor ? id : toAddress(id, stepId === undefined ? '' : toLocalAddress(stepId, item));
    return { number, at, kind: isActor ? 'actor' : 'flow', id, ...(generation !== null && { generation }), address, event: { ...rest, type }, state: null };
  });
}
