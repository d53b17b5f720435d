import type { Answer } from '../answer.ts';
import { chain } from '../answer.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { Row } from '../table.ts';

export { chain };

/** In place of an answer that is not there. */
export const none: readonly Row[] = [];

/** Rows read at a time where only some of them are wanted. */
const pageSize = 500;

export const readRows = <T>(store: StoreReader, request: Request, toRecord: (row: Row) => T): Answer<T[]> =>
  chain(store.read([request]), ([rows = []]) => rows.map(toRecord));

export const readOne = <T>(store: StoreReader, request: Request, toRecord: (row: Row) => T): Answer<T | undefined> =>
  chain(store.read([request]), ([rows = []]) => (rows[0] === undefined ? undefined : toRecord(rows[0])));

/** Rows as the columns of a record that is the same. */
export const asRecord = <T>(row: Row): T => ({ ...row }) as T;

/**
 * Reads page after page until there are enough.
 *
 * @param request of the rows behind those read last; undefined: from the first on
 * @param select those of a page that are wanted
 */
export function collect<T>(
  store: StoreReader, limit: number, request: (last: Row | undefined) => Request, select: (rows: readonly Row[]) => Answer<readonly T[]>,
): Answer<T[]> {
  const found: T[] = [];
  const size = Math.min(pageSize, limit + 1);
  const turn = (last: Row | undefined): Answer<T[]> =>
    chain(store.read([{ ...request(last), limit: size }]), ([rows = []]) =>
      chain(select(rows), wanted => {
        for (const one of wanted) if (found.length < limit) found.push(one);
        return rows.length < size || found.length >= limit ? found : turn(rows.at(-1));
      }),
    );
  return limit <= 0 ? found : turn(undefined);
}

export const toJson = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
