import type { InteractionRecord, InteractionTotal } from './interaction-store.ts';

export type CountedInteraction = Pick<
  InteractionRecord, 'position' | 'stepId' | 'model' | 'status' | 'inputTokens' | 'outputTokens' | 'totalTokens' | 'cost' | 'startedAt' | 'settledAt'
>;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Adds calls up by step and model, in the order of these. */
export function addUp(rows: Iterable<CountedInteraction>): InteractionTotal[] {
  const totals = new Map<string, Mutable<InteractionTotal>>();
  for (const row of rows) {
    const { position, stepId, model } = row;
    const place = `${stepId}/${model}`;
    let total = totals.get(place);
    if (!total) {
      total = { position, stepId, model, calls: 0, pending: 0, completed: 0, failed: 0, cancelled: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0, cost: 0, durationMs: 0 };
      totals.set(place, total);
    }
    total.calls++;
    total[row.status]++;
    total.inputTokens += row.inputTokens ?? 0;
    total.outputTokens += row.outputTokens ?? 0;
    total.totalTokens += row.totalTokens ?? 0;
    total.cost += row.cost ?? 0;
    total.durationMs += row.settledAt === null ? 0 : row.settledAt - row.startedAt;
  }
  return [...totals.values()].sort((a, b) => a.position - b.position || (a.model < b.model ? -1 : 1));
}
