import { createAsyncWriteError, isPromiseLike } from '../store-errors.ts';
import type { Transaction } from '../store.ts';
import type { UndoLog } from './undo-log.ts';

/** The handle a step's own writes get: names and JSON values, undone with the transaction. */
interface MemoryHandle {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  delete(name: string): void;
}

/** Runs a write of a step's own; one that throws undoes only itself. */
export function attemptWrite(own: Map<string, string>, log: UndoLog, write: (tx: Transaction) => void): void {
  const handle: MemoryHandle = {
    get: name => (own.has(name) ? JSON.parse(own.get(name) as string) : undefined),
    set: (name, value) => log.set(own, name, JSON.stringify(value)),
    delete: name => log.delete(own, name),
  };
  log.run(() => {
    const result: unknown = write({ handle });
    if (isPromiseLike(result)) throw createAsyncWriteError();
  });
}
