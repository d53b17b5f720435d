import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import type { AttemptRecord, InputRecord, JournalRecord, SignalRecord, StepRecord } from '../../persistence/records.ts';
import type { Changes, EndedAttempt } from './changes.ts';
import { toConsolidatedRecord } from './consolidated-record.ts';
import type { FlowState } from './move-tree.ts';
import { toJournalRecord, toStepRecord } from './rows.ts';

/** Where rows are gathered. */
export interface GatheredRows {
  readonly journal: JournalRecord[];
  readonly steps: StepRecord[];
  readonly attempts: AttemptRecord[];
  readonly inputs: InputRecord[];
  readonly signals: { readonly received: SignalRecord[]; readonly consumed: Pick<SignalRecord, 'executionKey' | 'number'>[] };
}

// One is made of every run: field by field is faster than parts put together.
const toAttemptRecord = (executionKey: number, { position, item, run, attempt, status, startedAt, endedAt, failure, output }: EndedAttempt): AttemptRecord =>
  ({ executionKey, position, item, run, attempt, status, startedAt, endedAt, failure, output });

/** Transitions that one row of the journal holds, at most: whoever reads it reads it whole. */
const maxRowEntries = 256;

/**
 * Adds the rows of what has happened to a tree, but for that of the execution itself, and counts its transitions.
 *
 * @returns what the execution came to; null: it is not scored by these changes
 */
export function collectRows({ header, tree }: FlowState, changes: Changes, now: number, rows: GatheredRows): ConsolidatedRecord | null {
  const { key } = header;
  const { entries, actors, attempts, inputs, kept, received, consumed, consolidated } = changes;
  for (let from = 0; from < entries.length; from += maxRowEntries) {
    const part = entries.length <= maxRowEntries ? entries : entries.slice(from, from + maxRowEntries);
    rows.journal.push(toJournalRecord(key, header.seq + 1 + from, now, part));
  }
  header.seq += entries.length;
  rows.steps.push(...kept);
  for (const actor of actors) rows.steps.push(toStepRecord(key, actor));
  for (const attempt of attempts) rows.attempts.push(toAttemptRecord(key, attempt));
  for (const input of inputs) rows.inputs.push({ executionKey: key, ...input });
  for (const signal of received) if (!consumed.includes(signal.number)) rows.signals.received.push({ ...signal, executionKey: key });
  for (const number of consumed) if (!received.some(signal => signal.number === number)) rows.signals.consumed.push({ executionKey: key, number });
  return consolidated && toConsolidatedRecord(header, tree.tally.lastSettledAt, consolidated, now);
}
