import type { InteractionReader, InteractionRecord, InteractionTotal, ListInteractionsParams } from '../interaction-store.ts';
import { interactionRecord } from '../interaction-store.ts';
import { addUp } from '../interaction-totals.ts';
import { createSettledError } from '../store-errors.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

export class MemoryInteractions implements InteractionReader {
  readonly #read: () => MemoryState;

  constructor(read: () => MemoryState) {
    this.#read = read;
  }

  list({ executionId, position, after = 0, limit = 100 }: ListInteractionsParams): InteractionRecord[] {
    return this.#list(executionId)
      .filter(row => row.number > after && (position === undefined || row.position === position))
      .slice(0, limit)
      .map(row => structuredClone(row));
  }

  total(executionId: string, executionKey?: number): InteractionTotal[] {
    return addUp(this.#list(executionId).filter(row => executionKey === undefined || row.executionKey === executionKey));
  }

  listPending(limit: number): InteractionRecord[] {
    return [...this.#read().interactions.keys()]
      .flatMap(id => this.#list(id).filter(({ status }) => status === 'pending'))
      .toSorted((a, b) => a.executionKey - b.executionKey || a.number - b.number)
      .slice(0, limit)
      .map(row => structuredClone(row));
  }

  last(executionId: string): number {
    return this.#list(executionId).at(-1)?.number ?? 0;
  }

  #list(executionId: string): InteractionRecord[] {
    return [...(this.#read().interactions.get(executionId)?.values() ?? [])].toSorted((a, b) => a.number - b.number);
  }
}

export function applyInteractions(state: MemoryState, log: UndoLog, rows: readonly InteractionRecord[]): void {
  for (const given of rows) {
    const result = interactionRecord.safeParse(given);
    if (!result.success) throw new TypeError(`The interaction breaks the lifecycle at \`${result.error.issues[0]?.path.join('.') ?? ''}\``);
    const row = result.data;
    let of = state.interactions.get(row.executionId);
    if (!of) log.set(state.interactions, row.executionId, (of = new Map<string, InteractionRecord>()));
    const place = String(row.number);
    const before = of.get(place);
    if (before && before.settledAt !== null) throw createSettledError('interaction', `${row.executionId}/${row.number}`);
    const { status, model, response, inputTokens, outputTokens, totalTokens, cost, settledAt, failure } = row;
    const after = before ? { ...before, status, model, response, inputTokens, outputTokens, totalTokens, cost, settledAt, failure } : row;
    log.set(of, place, Object.freeze(after) as InteractionRecord);
  }
}

/** Removes the calls of one generation of an execution. */
export function removeInteractions(state: MemoryState, log: UndoLog, executionId: string, executionKey: number): void {
  const of = state.interactions.get(executionId);
  for (const [place, row] of of ?? []) if (of && row.executionKey === executionKey) log.delete(of, place);
}
