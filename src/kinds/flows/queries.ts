import type { ExecutionRecord, JournalRecord, StepRecord } from '../../../persistence/records.ts';
import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import type { CatalogReader } from '../../../persistence/catalog-store.ts';
import type { RecordReader, StepOutcome } from '../../../persistence/store.ts';
import type { StepFailure } from '../../core/failure.ts';
import { toConsolidatedSessionId } from '../../core/ids.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import type { ExecutionDetails, ExecutionSummary, SettledExecution, StepResult, TransitionUpdate } from './execution-api.ts';
import { readItemList } from '../../kernel/item-list.ts';
import { readEntries } from '../../core/journal-text.ts';
import { noItem, toAddress } from '../../core/address.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';
import type { Ended, Trail } from './resident.ts';
import { listTrailSteps, toPlace } from './resident.ts';

export function toSummary(record: ExecutionRecord, blockedBy?: StepFailure): ExecutionSummary {
  const { executionId, generation, flowId, flowVersion, status, passed, score, failure, priority, createdAt, startedAt, settledAt, wakeAt } = record;
  const base = { executionId, generation, flowId, flowVersion, status, passed, score, failure, priority, createdAt, startedAt, settledAt };
  return { ...base, wakeAt: wakeAt === 0 ? null : wakeAt, ...(blockedBy && { blockedBy }) };
}

/** What the results of an execution are read from. */
export interface ResultReader extends Pick<RecordReader, 'listResults' | 'listGenerations' | 'getConsolidated'> {
  readonly catalog?: Pick<CatalogReader, 'listLabels'>;
}

/** What is stored of an execution beside its own row. */
export interface StoredResults {
  readonly results: readonly StepOutcome[];
  /** Numbers of the generations that steps were kept from, by key; left out: none was. */
  readonly generations?: ReadonlyMap<number, number>;
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** What it came to; undefined: it is not scored. */
  readonly consolidated: ConsolidatedRecord | undefined;
}

interface DetailsOptions {
  readonly items?: boolean | undefined;
}

/** Reads one execution with its steps, in the definition's order. */
export async function readDetails(reader: ResultReader, plan: FlowPlan, record: ExecutionRecord, options: DetailsOptions = {}): Promise<ExecutionDetails> {
  const results = await reader.listResults(record.key);
  const generations = await readGenerations(reader, record, results);
  const labels = (await reader.catalog?.listLabels(record.executionId)) ?? [];
  const consolidated = record.status === 'scored' ? await reader.getConsolidated(record.key) : undefined;
  return describeExecution(plan, record, { results, generations, labels: labels.map(({ name, value }) => [name, value] as const), consolidated }, options);
}

const noGenerations: ReadonlyMap<number, number> = new Map();

/** Describes an execution by its rows; pending steps have none and are made up here. */
function describeExecution(plan: FlowPlan, record: ExecutionRecord, stored: StoredResults, options: DetailsOptions = {}): ExecutionDetails {
  const { results, generations = noGenerations, labels, consolidated } = stored;
  const steps: StepResult[] = [];
  let next = 0;
  for (const planned of plan.steps) {
    const { position, id, forEach } = planned;
    // They come by place: the step itself, -1, before its items.
    const own = results[next];
    if (own?.step.position !== position) {
      steps.push({ stepId: id, status: 'pending', attempts: 0, interruptions: 0, startedAt: null, settledAt: null });
      continue;
    }
    const items: StepOutcome[] = [];
    while (results[++next]?.step.position === position) items.push(results[next] as StepOutcome);
    const completed = own.step.status === 'completed';
    steps.push(toStepResult(forEach ? sumUp(own.step, items) : own.step, completed ? (forEach ? toItems(planned, items) : toOutput(own)) : undefined, generations, planned));
    if (options.items) for (const item of items) steps.push(toStepResult(item.step, item.step.status === 'completed' ? toOutput(item) : undefined, generations));
  }
  return {
    ...toSummary(record), input: readStored('inputs.input', record.key, record.input), ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    consolidatedSessionId: consolidated ? toConsolidatedSessionId(record.executionId, record.generation) : null,
    ...(consolidated?.error && { consolidationError: consolidated.error }), steps,
  };
}

/** A `for_each` step has no attempts of its own: the most that one of its items took, and all that were cut off. */
function sumUp(step: StepRecord, items: readonly StepOutcome[]): StepRecord {
  let { attempt, interruptions } = step;
  for (const item of items) {
    attempt = Math.max(attempt, item.step.attempt);
    interruptions += item.step.interruptions;
  }
  return { ...step, attempt, interruptions };
}

const toItems = (step: PlannedStep, items: readonly StepOutcome[]): unknown[] =>
  readItemList(step, items.map(({ step: { executionKey, position, item, status, failure }, output }) => ({ executionKey, position, item, status, failure, output })));

const toOutput = ({ step: { executionKey, position, item }, output }: StepOutcome): unknown =>
  output === null ? null : readStored('attempts.output', toRowKey(executionKey, position, item), output);

function toStepResult(row: StepRecord, output: unknown, generations: ReadonlyMap<number, number>, step?: PlannedStep): StepResult {
  const asksFor = row.status === 'waiting' && row.recovery === 'ask' ? step?.recover?.ask?.signal : undefined;
  const keptFrom = row.originKey === null ? undefined : generations.get(row.originKey);
  const { stepId, item, status, attempt: attempts, interruptions, failure, dueAt, startedAt, settledAt, recovery, stale } = row;
  // Nearly every step: in one piece, as putting parts together takes ten times as long.
  if (status === 'completed' && item === noItem && output !== undefined && keptFrom === undefined && recovery === null && !stale) {
    return { stepId, status, attempts, interruptions, output, startedAt, settledAt };
  }
  return {
    stepId,
    ...(item !== noItem && { item }),
    status,
    attempts,
    interruptions,
    ...(failure && { reason: failure }),
    ...(output !== undefined && { output }),
    ...(keptFrom !== undefined && { keptFrom }),
    ...(stale && { stale: true as const }),
    ...(recovery && { recovery }),
    ...(asksFor !== undefined && { asksFor }),
    ...(dueAt !== null && { dueAt }),
    startedAt,
    settledAt,
  };
}

/** Numbers of the generations that steps were kept from, by key. */
async function readGenerations(reader: ResultReader, { executionId, generation }: ExecutionRecord, results: readonly StepOutcome[]): Promise<ReadonlyMap<number, number>> {
  const isKept = results.some(({ step }) => step.originKey !== null);
  const all = isKept ? await reader.listGenerations(executionId, generation) : [];
  return new Map(all.map(row => [row.key, row.generation]));
}

export async function readSettled(reader: ResultReader, plan: FlowPlan, record: ExecutionRecord): Promise<SettledExecution> {
  return toSettled(await readDetails(reader, plan, record));
}

export function toSettled(details: ExecutionDetails): SettledExecution {
  const settled = { ...details, durationMs: (details.settledAt ?? details.createdAt) - details.createdAt };
  const outputs = Object.fromEntries(details.steps.map(({ stepId, output = null }) => [stepId, output]));
  return Object.defineProperty(settled, 'outputs', { value: outputs }) as unknown as SettledExecution;
}

/** Takes a journal row apart. */
export function* toTransitions(executionId: string, row: JournalRecord): Iterable<Extract<TransitionUpdate, { type: 'transition' }>> {
  const entries = readEntries(readStored('journal.entries', `${row.executionKey}/${row.seq}`, row.entries));
  for (const [index, [address, event, state]] of entries.entries()) {
    yield { type: 'transition', seq: row.seq + index, at: row.at, address: toAddress(executionId, address), event: event as { type: string }, state };
  }
}

/**
 * What an execution came to that has just ended, from what was stored of it: whoever waits for it need not wait for the store.
 * Undefined: too little of it is remembered, and the store has to be asked.
 */
export function recallSettled({ record, resident }: Ended, { catalog }: RecordReader): SettledExecution | undefined {
  // Labels come with the first generation, and belong to all.
  if (!resident || !resident.trail || resident.trail === 'long' || resident.header.generation > 1) return undefined;
  const { trail, labels, consolidated, tree } = resident;
  return toSettled(describeExecution(tree.plan, record, { results: toResults(trail), labels: Object.entries((catalog && labels) ?? {}), consolidated: consolidated ?? undefined }));
}

function toResults(trail: Trail): StepOutcome[] {
  // Whoever gets a failure may change it.
  return listTrailSteps(trail).map(step => ({
    step: step.failure === null ? step : { ...step, failure: JSON.parse(JSON.stringify(step.failure)) },
    output: trail.outputs.get(toPlace(step)) ?? null,
  }));
}
