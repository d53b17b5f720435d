import type { Request, Row, Store, Write } from '../../src/kit.ts';

interface Random {
  /** From 0 up to 1. */
  next(): number;
}

const maxTurns = 50;

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
}

/**
 * A store whose answers come 0 to 50 turns later: reads that are asked for at the same time are answered in any order, each of the
 * moment at which it was asked; commits in theirs. No step's own write can join it.
 */
export function delayStore(store: Store, random: Random): Store {
  const turns = (): number => Math.floor(random.next() * (maxTurns + 1));
  let last: Promise<void> = Promise.resolve();
  return {
    location: store.location,
    async read(requests: readonly Request[]): Promise<Row[][]> {
      // What was committed before is seen, whenever the answer comes.
      await last;
      const answer = await store.read(requests);
      await pass(turns());
      return answer;
    },
    commit(writes: readonly Write[]): Promise<void> {
      const before = last;
      const commit = (async () => {
        await before;
        await pass(turns());
        await store.commit(writes);
      })();
      last = commit.catch(() => undefined);
      return commit;
    },
    async own(owner) {
      await pass(turns());
      return store.own(owner);
    },
    owner: async () => store.owner(),
    size: async () => store.size(),
    compact: async () => store.compact(),
    close: () => store.close(),
  };
}
