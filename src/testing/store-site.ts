import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../open-records.ts';
import type { MemoryRecords } from '../open-records.ts';
import type { CommitBatch, Records } from '../../persistence/store.ts';
import { openSqliteStore } from '../open-records.ts';

/** Which store paths are run on. */
export type StoreKind = 'memory' | 'sqlite';

/** A store, and the bytes behind it. */
export interface StoreSite {
  readonly store: Records;
  /** What another process finds if this one ended now. */
  copy(): StoreSite;
  dispose(): void;
}

export function createSite(kind: StoreKind): StoreSite {
  if (kind === 'memory') return createMemorySite(createMemoryStore());
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-paths-'));
  return openSqliteSite(folder, 0);
}

export function createMemorySite(store: MemoryRecords): StoreSite {
  return { store, copy: () => createMemorySite(store.copy()), dispose: () => {} };
}

function openSqliteSite(folder: string, generation: number): StoreSite {
  const file = join(folder, `${generation}.db`);
  const store = openSqliteStore({ file, durability: 'process' });
  return {
    store,
    copy() {
      const next = join(folder, `${generation + 1}.db`);
      for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, next + suffix);
      return openSqliteSite(folder, generation + 1);
    },
    dispose() {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How a process ends at a commit: before it, after it but before anything is done about it, or in the middle of it. */
export type CrashPoint = 'before' | 'after' | 'torn';

export interface Crash {
  /** Which commit of the run, 1-based. */
  readonly commit: number;
  readonly point: CrashPoint;
}

/** A store as one process sees it; with the process it stops to answer. */
export interface ProcessStore {
  readonly store: Records;
  readonly commits: () => number;
  /** What the next process finds; undefined while this one lives. */
  readonly left: () => StoreSite | undefined;
  /** Ends the process now. */
  kill(): StoreSite;
}

class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded';
}

/** @param commitsBefore commits of the processes before this one; a crash counts them all */
export function createProcessStore(site: StoreSite, commitsBefore: number, crash: Crash | undefined): ProcessStore {
  let commits = commitsBefore;
  let left: StoreSite | undefined;
  const kill = (): StoreSite => (left ??= site.copy());
  const guard = (batch: CommitBatch | undefined, commit: (batch: CommitBatch | undefined) => unknown): unknown => {
    commits++;
    if (crash?.commit !== commits) return commit(batch);
    if (crash.point === 'after') commit(batch);
    else if (crash.point === 'torn') tear(site.store, batch);
    kill();
    throw new ProcessEnded(`The process ended ${crash.point} commit ${commits}`);
  };
  const store = new Proxy(site.store, {
    get(target, name) {
      if (left) throw new ProcessEnded('The process has ended');
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name === 'commit') return (batch: CommitBatch) => guard(batch, () => target.commit(batch));
      if (name === 'commitWith') return (build: Parameters<NonNullable<Records['commitWith']>>[0]) => guard(undefined, () => target.commitWith?.(build));
      return member.bind(target) as unknown;
    },
  });
  return { store, commits: () => commits, left: () => left, kill };
}

/** Begins to write a batch and fails in the middle: whatever was written must be rolled back. */
function tear(store: Records, batch: CommitBatch | undefined): void {
  if (!batch) return;
  const broken = { executionKey: 0, position: -1, item: -2, run: 0, attempt: 0, status: 'completed', startedAt: 0, endedAt: 0, failure: null, output: null } as const;
  try {
    void store.commit({ ...batch, attempts: [...batch.attempts, broken] });
  } catch {
    return;
  }
  throw new TypeError('Expected the store to refuse a batch with a broken row, it took it');
}
