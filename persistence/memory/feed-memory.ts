import type { FeedOwner, FeedRow, FeedState, JournalRow } from '../feed-store.ts';
import { listJournalRows } from '../journal-rows.ts';
import type { ExecutionRecord } from '../records.ts';
import type { CommitBatch } from '../store.ts';
import type { ActorState } from './actor-state.ts';
import type { UndoLog } from './undo-log.ts';

/** The journal as readers follow it: rows by number, owners by their first number. */
export interface FeedMemory {
  readonly rows: Map<number, JournalRow>;
  readonly owners: Map<number, string>;
  readonly marks: Map<'head' | 'prunedTo', number>;
}

export const createFeedMemory = (): FeedMemory => ({ rows: new Map(), owners: new Map(), marks: new Map() });

export const copyFeedMemory = ({ rows, owners, marks }: FeedMemory): FeedMemory => ({ rows: new Map(rows), owners: new Map(owners), marks: new Map(marks) });

export interface FeedLists {
  readonly rows: readonly (readonly [number, JournalRow])[];
  readonly owners: readonly (readonly [number, string])[];
  readonly marks: readonly (readonly ['head' | 'prunedTo', number])[];
}

export const toFeedLists = ({ rows, owners, marks }: FeedMemory): FeedLists => ({ rows: [...rows], owners: [...owners], marks: [...marks] });

/** What was kept before there was a feed has none of it: readers begin at its end. */
export const fromFeedLists = (lists: FeedLists | undefined): FeedMemory => ({ rows: new Map(lists?.rows), owners: new Map(lists?.owners), marks: new Map(lists?.marks) });

const headOf = ({ marks }: FeedMemory): number => marks.get('head') ?? 0;

export function beginOwner(feed: FeedMemory, log: UndoLog, id: string): void {
  log.set(feed.owners, headOf(feed) + 1, id);
}

/** Numbers the rows that a batch makes; a batch that is undone gives its numbers back. */
export function applyJournalRows(feed: FeedMemory, log: UndoLog, batch: CommitBatch): void {
  if (batch.owner) beginOwner(feed, log, batch.owner.id);
  for (const row of listJournalRows(batch)) addJournalRow(feed, log, row);
  for (const actorId of batch.actors?.removed ?? []) removeRows(feed, log, ({ kind, instance }) => kind === 'actor' && instance === actorId);
}

export function addJournalRow(feed: FeedMemory, log: UndoLog, row: JournalRow): void {
  const number = headOf(feed) + 1;
  log.set(feed.marks, 'head', number);
  log.set(feed.rows, number, Object.freeze({ ...row }));
}

export function removeExecutionRows(feed: FeedMemory, log: UndoLog, keys: ReadonlySet<number>): void {
  removeRows(feed, log, ({ kind, instance }) => (kind === 'flow' || kind === 'made') && keys.has(instance as number));
}

function removeRows({ rows }: FeedMemory, log: UndoLog, isGone: (row: JournalRow) => boolean): void {
  for (const [number, row] of rows) if (isGone(row)) log.delete(rows, number);
}

export function readFeedState(feed: FeedMemory): FeedState {
  const owners = [...feed.owners].map(([first, id]): FeedOwner => ({ first, id })).toSorted((a, b) => a.first - b.first);
  return { head: headOf(feed), prunedTo: feed.marks.get('prunedTo') ?? 0, owners };
}

/** Rows lie in the order of their numbers. */
export function readFeed(feed: FeedMemory, executions: ReadonlyMap<number, ExecutionRecord>, after: number, limit: number): FeedRow[] {
  const found: FeedRow[] = [];
  if (after >= headOf(feed)) return found;
  for (const [number, { kind, instance, seq, at, entries }] of feed.rows) {
    if (number <= after) continue;
    if (found.length === limit) break;
    const execution = typeof instance === 'number' ? executions.get(instance) : undefined;
    found.push({ number, kind, instance: execution?.executionId ?? String(instance), generation: execution?.generation ?? null, seq, at, entries });
  }
  return found;
}

/** Of what goes by its age: the oldest, up to the first that is younger. */
export function pruneAged(feed: FeedMemory, { journals }: Pick<ActorState, 'journals'>, log: UndoLog, before: number, limit: number): number {
  let count = 0;
  for (const [number, { kind, instance, seq, at }] of feed.rows) {
    if (kind === 'flow') continue;
    if (at >= before || count === limit) break;
    log.delete(feed.rows, number);
    const rows = kind === 'actor' ? journals.get(instance as string) : undefined;
    if (rows && seq !== null) log.delete(rows, seq);
    log.set(feed.marks, 'prunedTo', Math.max(feed.marks.get('prunedTo') ?? 0, number));
    count++;
  }
  return count;
}
