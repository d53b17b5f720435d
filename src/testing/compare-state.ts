import type { ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { FlowState } from './flow-model.ts';
import { listPreparing } from './flow-model.ts';

/** A difference between the runtime and the model. */
export interface Divergence {
  /** Where on the path. */
  readonly at: string;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
}

/** `exact`: as stored, with times; `outcome`: without what a crash may change (runs, interruptions, times). */
export type Precision = 'exact' | 'outcome';

type View = Readonly<Record<string, unknown>>;

/** What the model says is stored, as text by name. */
export function viewModel({ tree, rows }: FlowState, precision: Precision): View {
  const { score, passed, failure, ...counters } = tree.flow.context;
  const done = tree.flow.status === 'done';
  const steps = [...rows.values()];
  return {
    status: tree.flow.value,
    score: done ? (score ?? 0) : null,
    passed: done ? (passed ?? false) : null,
    failure: failure?.code ?? null,
    signals: tree.flow.status === 'done' ? [] : tree.signals.map(({ name }) => name),
    counters: toCounters(counters, steps, precision),
    ...viewRows(steps, precision),
  };
}

/** What is stored. */
export async function viewStored(reader: RecordReader, record: ExecutionRecord, precision: Precision): Promise<View> {
  const signals = await reader.listSignals(record.key);
  const steps = await reader.listSteps(record.key);
  return {
    status: record.status,
    score: record.score,
    passed: record.passed,
    failure: record.failure?.code ?? null,
    signals: record.settledAt === null ? signals.map(({ name }) => name) : [],
    counters: toCounters(JSON.parse(record.context) as object, steps, precision),
    ...viewRows(steps, precision),
  };
}

/** Counters that a definition gives. */
const given: ReadonlySet<string> = new Set(['total', 'concurrency', 'mode', 'always', 'flows']);

/**
 * Slots given out and back count runs; a crash may add some. How often that was is not compared, but how many are out; not even
 * that while something backs off: whether it still holds one is not stored, and is another one after the flow was out of memory.
 */
function toCounters(all: object, rows: readonly StepRecord[], precision: Precision): object {
  const { ready = 0, granted = 0, released = 0, ...counters } = all as Record<string, number | boolean>;
  const held = rows.some(({ status }) => status === 'retrying') ? 0 : Number(granted) - Number(released);
  const slots = precision === 'exact' ? { ready, held } : {};
  const moved = Object.entries({ ...counters, ...slots }).filter(([name, value]) => value !== 0 && value !== false && !given.has(name));
  return Object.fromEntries(moved.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function viewRows(rows: readonly StepRecord[], precision: Precision): View {
  return Object.fromEntries(
    rows.map(row => {
      const place = `${row.stepId}${row.item < 0 ? '' : `[${row.item}]`}`;
      const { status, attempt, failure, recovery } = row;
      const outcome = { status, attempt, failure: failure?.code ?? null, recovery };
      const { run, interruptions, dueAt, startedAt, settledAt, runAt } = row;
      return [place, precision === 'outcome' ? outcome : { ...outcome, run, interruptions, dueAt, startedAt, settledAt, runAt }];
    }),
  );
}

/** Compares the two, name by name. */
export function compareViews(expected: View, found: View, at: string): Divergence[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap(name => {
    const wanted = expected[name];
    const got = found[name];
    return JSON.stringify(wanted) === JSON.stringify(got) ? [] : [{ at, what: name, expected: wanted ?? null, found: got ?? null }];
  });
}

/** Whether expressions are being evaluated: the runtime does not stay there. */
export const isPassing = (state: FlowState): boolean => listPreparing(state).length > 0;
