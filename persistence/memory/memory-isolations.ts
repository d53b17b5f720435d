import type { IsolationReader, IsolationRecord } from '../isolation-store.ts';
import { createSettledError } from '../store-errors.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

export class MemoryIsolations implements IsolationReader {
  readonly #read: () => MemoryState;

  constructor(read: () => MemoryState) {
    this.#read = read;
  }

  get(executionKey: number): IsolationRecord | undefined {
    return this.#read().isolations.get(executionKey);
  }

  listOpen(afterKey: number, limit: number): IsolationRecord[] {
    return [...this.#read().isolations.values()]
      .filter(row => row.status === 'open' && row.executionKey > afterKey)
      .toSorted((a, b) => a.executionKey - b.executionKey)
      .slice(0, limit);
  }
}

export function applyIsolations(state: MemoryState, log: UndoLog, rows: readonly IsolationRecord[]): void {
  for (const row of rows) {
    const before = state.isolations.get(row.executionKey);
    if (before?.status === 'ended') throw createSettledError('isolation', String(row.executionKey));
    if (!['open', 'ended'].includes(row.status) || row.taken < (before?.taken ?? 0)) throw new TypeError(`The isolation ${row.executionKey} goes back`);
    log.set(state.isolations, row.executionKey, Object.freeze({ ...row, folder: before?.folder ?? row.folder }));
  }
}
