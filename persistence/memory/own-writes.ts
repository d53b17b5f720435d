import type { Transaction } from '../contract.ts';
import { createAsyncWriteError, isPromiseLike } from '../store-errors.ts';
import type { MemoryState } from './memory-state.ts';

/** The handle a step's own writes get: names and JSON values, undone with the transaction. */
interface MemoryHandle {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

/** Runs a write of a step's own; one that throws undoes only itself. */
export function attemptWrite({ own, undos }: MemoryState, write: (tx: Transaction) => void): void {
  const mine: (() => void)[] = [];
  const put = (name: string, value: string | undefined): void => {
    const before = own.get(name);
    mine.push(() => (before === undefined ? own.delete(name) : own.set(name, before)));
    if (value === undefined) own.delete(name);
    else own.set(name, value);
  };
  const handle: MemoryHandle = {
    get: name => (own.has(name) ? JSON.parse(own.get(name) as string) : undefined),
    set: (name, value) => put(name, JSON.stringify(value)),
    delete: name => put(name, undefined),
  };
  try {
    const result: unknown = write({ handle });
    if (isPromiseLike(result)) throw createAsyncWriteError();
    undos?.push(...mine);
  } catch (error) {
    for (const undo of mine.toReversed()) undo();
    throw error;
  }
}
