import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { TransitionUpdate } from '../kinds/flows/execution-api.ts';
import { toTransitions } from '../kinds/flows/queries.ts';

/** A transition as views show it. */
export type Transition = Extract<TransitionUpdate, { type: 'transition' }>;

/** Reads every transition an execution made, in order, a page of the journal at a time. */
export async function* readHistory(reader: RecordReader, { key, executionId }: Pick<ExecutionRecord, 'key' | 'executionId'>): AsyncGenerator<Transition> {
  for (let after = 0; ;) {
    const rows = await reader.readJournal(key, after);
    let last = after;
    for (const row of rows) {
      for (const transition of toTransitions(executionId, row)) {
        if (transition.seq <= after) continue;
        last = transition.seq;
        yield transition;
      }
    }
    if (last === after) return;
    after = last;
  }
}

/** Reads all there is. */
export async function gather<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}
