import type { Request, Row, Store, Write } from '../../src/kit.ts';

interface Random {
  /** From 0 up to 1. */
  next(): number;
}

const maxTurns = 50;

/** Answers that are still to come, of all stores of this process. */
let owed = 0;

/** Whether an answer of a delayed store is still to come. */
export const isAnswerOwed = (): boolean => owed > 0;

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>(resolve => setImmediate(resolve));
}

async function owe<T>(answer: () => Promise<T>): Promise<T> {
  owed++;
  try {
    return await answer();
  } finally {
    owed--;
  }
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
    read: (requests: readonly Request[]): Promise<Row[][]> =>
      owe(async () => {
        // What was committed before is seen, whenever the answer comes.
        await last;
        const answer = await store.read(requests);
        await pass(turns());
        return answer;
      }),
    commit(writes: readonly Write[]): Promise<void> {
      const before = last;
      const commit = owe(async () => {
        await before;
        await pass(turns());
        await store.commit(writes);
      });
      last = commit.catch(() => undefined);
      return commit;
    },
    own: owner =>
      owe(async () => {
        await pass(turns());
        await store.own(owner);
      }),
    owner: async () => store.owner(),
    size: async () => store.size(),
    compact: async () => store.compact(),
    close: () =>
      owe(async () => {
        await last;
        await pass(turns());
        await store.close();
      }),
  };
}
