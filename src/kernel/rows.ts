import type { FlowContext } from '../../machines/flow.ts';
import type { ExecutionRecord, JournalRecord, StepRecord, StepStatus, AttemptRecord, InputRecord, SignalRecord } from '../../persistence/records.ts';
import type { JournalEntry } from '../core/journal-text.ts';
import { writeEntries } from '../core/journal-text.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { hasWork, isFanOut, nextDueAt } from './tree.ts';
import { noItem } from '../core/address.ts';
import type { ConsolidatedRecord, ConsolidationSummary } from '../../persistence/consolidation-store.ts';
import type { Changes, EndedAttempt } from './changes.ts';

/** What an execution's row holds beside the machine's snapshot. */
export interface ExecutionHeader {
  readonly key: number;
  readonly executionId: string;
  /** From 1. */
  readonly generation: number;
  readonly flowId: string;
  readonly flowVersion: string;
  readonly digest: string;
  /** JSON text. */
  readonly input: string;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly parentId: string | null;
  readonly parentStep: string | null;
  readonly createdAt: number;
  seq: number;
  startedAt: number | null;
  settledAt: number | null;
}

/** An execution in memory: its row, and the actors of the flow and its steps. */
export interface FlowState {
  readonly header: ExecutionHeader;
  readonly tree: FlowTree;
}

/** Notes when a flow began and ended, after its tree has moved. */
export function noteMove({ header, tree }: FlowState, now: number): void {
  if (header.startedAt === null && tree.flow.value !== 'pending' && tree.flow.value !== 'failed') header.startedAt = now;
  // A clock that was set back must not make it end before it began.
  if (tree.flow.status === 'done') header.settledAt ??= Math.max(now, header.startedAt ?? header.createdAt);
}

/** When the host must look at the tree again: 0 while it has work, null when only others can wake it. */
export function computeWakeAt(tree: FlowTree, startedAt: number | null): number | null {
  if (hasWork(tree) || (tree.unoffered && tree.signals.length > 0)) return 0;
  const due = nextDueAt(tree);
  const { timeoutMs } = tree.plan;
  // What is over but for its clean-up has no time left to run out.
  const expires = timeoutMs === null || startedAt === null || tree.flow.context.ending ? undefined : startedAt + timeoutMs;
  if (due === undefined) return expires ?? null;
  return expires === undefined ? due : Math.min(due, expires);
}

/** It has not begun, or is over: nobody looks at it. */
export const isAtRest = ({ flow }: FlowTree): boolean => flow.status === 'done' || flow.value === 'pending';

/** Whether nothing but its counters has moved since the record was made. */
export const isSame = (record: ExecutionRecord, tree: FlowTree, wakeAt: number | null): boolean =>
  record.status === tree.flow.value && record.wakeAt === (isAtRest(tree) ? null : wakeAt);

/** What moves at every transition. */
export const toProgress = ({ key, executionId, seq }: ExecutionHeader, tree: FlowTree): Pick<ExecutionRecord, 'key' | 'executionId' | 'context' | 'seq'> => ({
  key, executionId, context: toCounters(tree), seq,
});

export function toExecutionRecord(header: ExecutionHeader, tree: FlowTree, wakeAt: number | null): ExecutionRecord {
  const { value, context, status } = tree.flow;
  const done = status === 'done';
  const { score, passed, failure } = context;
  return {
    ...header,
    context: toCounters(tree),
    status: value,
    wakeAt: isAtRest(tree) ? null : wakeAt,
    score: done ? (score ?? 0) : null,
    passed: done ? (passed ?? false) : null,
    failure: done ? failure : null,
  } as ExecutionRecord;
}

/** The counters that have moved; the rest follows from the definition. Its text is written with every transition. */
export function toCounters({ flow: { context }, flows }: FlowTree): string {
  let text = '';
  for (const name of counterNames) {
    const value = context[name];
    if (value !== 0 && value !== false) text += `${text === '' ? '{' : ','}"${name}":${String(value)}`;
  }
  if (context.ending) text += `${text === '' ? '{' : ','}"ending":${JSON.stringify(context.ending)}`;
  if (flows) text += `${text === '' ? '{' : ','}"flows":${JSON.stringify(flows)}`;
  return text === '' ? '{}' : `${text}}`;
}

const counterNames = [
  'ready', 'granted', 'released', 'settled', 'completed', 'failed', 'skipped', 'cancelled', 'halted',
] as const satisfies readonly (keyof FlowContext)[];

// Two are made of every step: field by field is three times as fast as parts put together.
export function toStepRecord(executionKey: number, actor: StepActor | FanOutActor): StepRecord {
  const { step, snapshot, startedAt, settledAt } = actor;
  const status = snapshot.value as StepStatus;
  if (isFanOut(actor)) {
    const { failure, ...counters } = actor.snapshot.context;
    return {
      executionKey, position: step.position, item: noItem, stepId: step.id, status, run: 0, attempt: 0, interruptions: 0, runAt: startedAt, counters: JSON.stringify(counters),
      dueAt: null, failure, startedAt, settledAt, originKey: null, originPosition: null, recovery: null, stale: false,
    } as StepRecord;
  }
  const { run, attempt, interruptions, dueAt, recovery, failure } = actor.snapshot.context;
  return {
    executionKey, position: step.position, item: actor.item, stepId: step.id, status, run, attempt, interruptions, runAt: actor.runAt || null, counters: null,
    dueAt, failure, startedAt, settledAt, originKey: null, originPosition: null, recovery, stale: false,
  } as StepRecord;
}

export function toJournalRecord(executionKey: number, seq: number, at: number, entries: readonly JournalEntry[]): JournalRecord {
  return { executionKey, seq, at, entries: writeEntries(entries) };
}

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

/** The row of what an execution came to. @param now epoch ms */
export function toConsolidatedRecord({ key, startedAt, createdAt }: ExecutionHeader, lastSettledAt: number, summary: ConsolidationSummary, now: number): ConsolidatedRecord {
  const begunAt = startedAt ?? createdAt;
  return { executionKey: key, ...summary, executionDurationMs: Math.max(0, lastSettledAt - begunAt), createdAt: Math.max(now, begunAt) } as ConsolidatedRecord;
}
