import { deepEqual } from 'node:assert/strict';
import type { Request, Store, Write, WriteShape } from '../contract.ts';
import type { Row, Value } from '../table.ts';
import { notes, places } from './suite-tables.ts';

interface Random {
  /** From 0 up to 1. */
  next(): number;
}

const keys = 12;
const names = ['', 'a', 'b', 'ä', '\u{1f600}'];

/** Lets two stores do the same, at random, and compares what they refuse and what they answer. */
export async function compareWithModel(store: Store, model: Store, random: Random, rounds: number): Promise<void> {
  const upTo = (limit: number): number => Math.floor(random.next() * limit);
  const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)] as T;
  const maybe = <T>(value: T): T | null => (upTo(2) === 0 ? value : null);
  for (let round = 0; round < rounds; round++) {
    const writes = Array.from({ length: 1 + upTo(4) }, () => (upTo(3) === 0 ? toPlaceWrite() : toNoteWrite()));
    deepEqual(await outcomeOf(store, writes), await outcomeOf(model, writes), `round ${round}: ${JSON.stringify(writes)}`);
    const requests = Array.from({ length: 3 }, toRequest);
    deepEqual(await answersOf(store, requests), await answersOf(model, requests), `round ${round}: ${JSON.stringify(requests)}`);
  }

  function toNoteWrite(): Write {
    const key = 1 + upTo(keys);
    const settledAt = upTo(6) === 0 ? 9 : null;
    const row: Row = {
      key, owner: oneOf(names), label: `${oneOf(names)}${upTo(20)}`, status: oneOf(['open', 'done']), weight: upTo(4) / 2, createdAt: upTo(9), settledAt, wakeAt: maybe(upTo(5)),
      body: new Uint8Array([upTo(256)]),
    };
    const all = Object.keys(notes.columns);
    const one = (shape: WriteShape): Write => ({ shape, values: shape.columns.map(column => row[column] as Value) });
    return oneOf<() => Write>([
      () => one({ table: notes, kind: 'insert', columns: all, ...(upTo(2) === 0 && { keep: true as const }) }),
      () => one({ table: notes, kind: 'put', columns: all, once: ['createdAt'], unless: 'settledAt' }),
      () => one({ table: notes, kind: 'put', columns: ['key', 'owner', 'label', 'createdAt', 'body'] }),
      () => ({ shape: { table: notes, kind: 'update', columns: ['wakeAt', 'label'], append: ['label'], mayMiss: true }, values: [row['wakeAt'] as Value, '+', key] }),
      () => ({ shape: { table: notes, kind: 'update', columns: ['status'], when: { column: 'status', is: 'open' } }, values: ['done', key] }),
      () => ({ shape: { table: notes, kind: 'remove', columns: ['owner'] }, values: [row['owner'] as Value] }),
    ])();
  }

  function toPlaceWrite(): Write {
    const family = oneOf(names);
    if (upTo(4) === 0) return { shape: { table: places, kind: 'remove', columns: ['family', 'position'] }, values: [family, upTo(3)] };
    return { shape: { table: places, kind: 'put', columns: ['family', 'position', 'item', 'text'] }, values: [family, upTo(3), upTo(3) - 1, oneOf(names)] };
  }

  function toRequest(): Request {
    const order = oneOf(['rising', 'falling'] as const);
    const limit = upTo(2) === 0 ? { limit: upTo(6) } : {};
    return oneOf<() => Request>([
      () => ({ table: notes, keys: [[1 + upTo(keys)], [1 + upTo(keys)]] }),
      () => ({ table: notes, index: 'notes_label', order, ...limit, after: [oneOf(names)] }),
      () => ({ table: notes, index: 'notes_owner', prefix: [oneOf(names)], order, ...limit, ...(upTo(2) === 0 && { after: [upTo(keys)] }) }),
      () => ({ table: notes, index: 'notes_wake', order, from: upTo(3), to: 2 + upTo(3), columns: ['key', 'wakeAt'] }),
      () => ({ table: notes, index: 'notes_heavy', order, ...limit, columns: ['key', 'weight'] }),
      () => ({ table: places, order, after: [oneOf(names), upTo(3)], ...limit }),
      () => ({ table: places, prefix: [oneOf(names)], from: upTo(3), order }),
      () => ({ table: places, prefix: [oneOf(names), upTo(3)], count: true as const }),
    ])();
  }
}

async function outcomeOf(store: Store, writes: readonly Write[]): Promise<string> {
  try {
    await store.commit(writes);
    return 'stored';
  } catch (error) {
    return String((error as { readonly code?: unknown }).code);
  }
}

const answersOf = async (store: Store, requests: readonly Request[]): Promise<unknown> =>
  (await store.read(requests)).map(rows => rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]))));
