import type { CommitBatch, Records } from '../../persistence/store.ts';
import { readEntries } from '../../src/core/journal-text.ts';

/** What was committed, told by a ledger that knows nothing of debugging. */
export interface Ledger {
  /** By execution key: time, address, event and state of every entry, in order. */
  readonly journals: Map<number, unknown[]>;
  /** By actor: time, address and event of every entry, in order. */
  readonly actors: Map<string, unknown[]>;
  /** Entries of each commit that had any. */
  readonly commits: unknown[][];
}

export const createLedger = (): Ledger => ({ journals: new Map(), actors: new Map(), commits: [] });

/** The same store, whose commits are written down. */
export function recordCommits<Store extends Records>(store: Store, ledger: Ledger): Store {
  const note = (batch: CommitBatch): void => {
    const own: unknown[] = [];
    for (const { executionKey, at, entries } of batch.journal) {
      const read = readEntries(JSON.parse(entries) as never).map(entry => [at, ...entry]);
      own.push(...read);
      ledger.journals.set(executionKey, [...(ledger.journals.get(executionKey) ?? []), ...read]);
    }
    for (const { actorId, at, entries } of batch.actors?.journal ?? []) {
      const read = (JSON.parse(entries) as [transition: number, address: string, event: unknown][]).map(([, address, event]) => [at, address, event]);
      own.push(...read);
      ledger.actors.set(actorId, [...(ledger.actors.get(actorId) ?? []), ...read]);
    }
    if (own.length > 0) ledger.commits.push(own);
  };
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === 'commit') {
        return (batch: CommitBatch) => {
          note(batch);
          return target.commit(batch);
        };
      }
      if (name === 'commitWith' && target.commitWith) {
        return (decide: Parameters<NonNullable<Records['commitWith']>>[0]) =>
          target.commitWith?.(attempt => {
            const batch = decide(attempt);
            note(batch);
            return batch;
          });
      }
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
