import type { CommitBatch, Records } from '../../persistence/store.ts';

export interface FailingStore {
  readonly store: Records;
  /** Makes commits from now on throw this; undefined: they work again. */
  fail(error: Error | undefined): void;
  /** Commits that were asked for since the last failure began. */
  readonly refused: number;
}

/** A store whose commits can be made to throw, as a full disk makes them. `asynchronous`: its commits answer later. */
export function createFailingStore(inner: Records, { asynchronous = false }: { readonly asynchronous?: boolean } = {}): FailingStore {
  let error: Error | undefined;
  let refused = 0;
  const check = (): void => {
    if (!error) return;
    refused++;
    throw error;
  };
  const commit = (batch: CommitBatch): void | Promise<void> => {
    if (!asynchronous) {
      check();
      return inner.commit(batch);
    }
    return new Promise<void>((resolve, reject) =>
      setImmediate(() => {
        try {
          check();
          resolve(inner.commit(batch));
        } catch (reason) {
          reject(reason as Error);
        }
      }),
    );
  };
  const commitWith: Records['commitWith'] = build => {
    check();
    inner.commitWith?.(build);
  };
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'commit') return commit;
      // A store that answers later has no transaction that a step could join.
      if (name === 'commitWith') return asynchronous ? undefined : commitWith;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    store,
    fail(reason) {
      error = reason;
      refused = 0;
    },
    get refused() {
      return refused;
    },
  };
}
