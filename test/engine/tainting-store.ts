import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { createMemoryStore, openSqliteStore } from '../../src/open-records.ts';

export const stores: readonly { readonly name: string; readonly open: () => Records }[] = [
  { name: 'in memory', open: () => createMemoryStore() },
  {
    name: 'of SQLite',
    open: () => {
      const folder = mkdtempSync(join(tmpdir(), 'flowstone-dropped-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return openSqliteStore({ file: join(folder, 'app.db'), durability: 'process' });
    },
  },
];

/** A store that has its rules broken: what is tainted reaches it as a row that no table allows. */
export function createTaintingStore(inner: Records): { readonly store: Records; readonly tainted: Set<string>; readonly commits: () => number } {
  const tainted = new Set<string>();
  /** Inputs of executions, by key. */
  const inputs = new Map<number, string>();
  let commits = 0;
  const isTainted = (value: unknown): boolean => typeof value === 'string' && [...tainted].some(name => value.includes(name));
  const taint = (batch: CommitBatch): CommitBatch => {
    commits++;
    for (const { key, input } of batch.executions) inputs.set(key, input);
    if (tainted.size === 0) return batch;
    return {
      ...batch,
      // Numbers below 1, and times before 1970, break a CHECK; a row that is not there cannot be changed.
      journal: batch.journal.map(row => (isTainted(inputs.get(row.executionKey)) ? { ...row, seq: 0 } : row)),
      ...(batch.queues && { queues: { ...batch.queues, published: batch.queues.published.map(row => (isTainted(row.payload) ? { ...row, publishedAt: -1 } : row)) } }),
      ...(batch.actors && {
        actors: {
          ...batch.actors,
          put: batch.actors.put?.map(row => (isTainted(row.tree) ? { ...row, wakeAt: -1 } : row)),
          progress: batch.actors.progress?.map(row => (isTainted(row.tree) ? { ...row, actorId: 'nobody' } : row)),
        },
      }),
    } as CommitBatch;
  };
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'commit') return (batch: CommitBatch) => target.commit(taint(batch));
      if (name === 'commitWith' && target.commitWith) {
        return (build: Parameters<NonNullable<Records['commitWith']>>[0]) => target.commitWith?.(attempt => taint(build(attempt)));
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { store, tainted, commits: () => commits };
}
