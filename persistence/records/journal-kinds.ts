import type { JournalKind } from '../feed-store.ts';

/** Numbers of the kinds of rows of the journal, as migration 0017 has them. */
export const journalKinds = { flow: 1, actor: 2, queue: 3, made: 4, deleted: 5, kind: 6 } as const satisfies Record<JournalKind, number>;

const names = new Map<number, JournalKind>(Object.entries(journalKinds).map(([name, number]) => [number, name as JournalKind]));

export const toJournalKind = (number: number): JournalKind => names.get(number) ?? 'deleted';
