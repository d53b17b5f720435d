import type { AttemptRecord, StepRecord } from '../../../../persistence/records.ts';
import { toStepSessionId } from '../../../core/ids.ts';
import { readStored, toRowKey } from '../../../core/stored-value.ts';
import type { FlowPlan, PlannedStep } from '../../../definition/plan.ts';
import { toItemList } from '../../../kernel/item-list.ts';
import { noItem } from '../../../core/address.ts';
import type { StepWork } from './gather.ts';
import type { ConsolidatedStep } from './session.ts';
import { toEvaluation, isStoodIn } from '../../../kernel/tally.ts';

/** Writes the steps of a session as JSON text, from the texts that are stored: no value is parsed and written again. */
function writeSteps(executionId: string, { steps }: FlowPlan, work: readonly StepWork[]): string {
  return `[${steps.map(step => writeStep(step, work[step.position] as StepWork, toStepSessionId(executionId, step.position))).join(',')}]`;
}

/**
 * Reads the steps of a session from the texts that are stored.
 *
 * @throws a `FlowError` with code `store_damaged` when one of them is no JSON
 */
export function readSteps(executionId: string, plan: FlowPlan, work: readonly StepWork[]): ConsolidatedStep[] {
  try {
    return JSON.parse(writeSteps(executionId, plan, work)) as ConsolidatedStep[];
  } catch (error) {
    // Whose it is: a list of items is read by itself.
    for (const { attempts, inputs, row } of work) {
      for (const { executionKey, position, item, output } of attempts) if (output !== null) readStored('attempts.output', toRowKey(executionKey, position, item), output);
      if (row) for (const [item, input] of inputs) readStored('inputs.input', toRowKey(row.originKey ?? row.executionKey, row.originPosition ?? row.position, item), input);
    }
    throw error;
  }
}

/** What the definition says about a step as text; the same in every execution. */
interface FixedTexts {
  readonly head: string;
  readonly tail: string;
  readonly tool: string;
  readonly input: string;
}

const fixedTexts = new WeakMap<PlannedStep, FixedTexts>();

function getFixedTexts(step: PlannedStep): FixedTexts {
  let texts = fixedTexts.get(step);
  if (!texts) {
    texts = {
      head: `{"index":${step.position},"stepId":${JSON.stringify(step.id)},"sessionId":`,
      tail: `,"critical":${step.critical},"weight":${step.weight}`,
      tool: JSON.stringify(step.target),
      input: step.with === null ? '{}' : step.with.constant ? JSON.stringify(step.with.value) : 'null',
    };
    fixedTexts.set(step, texts);
  }
  return texts;
}

function writeStep(step: PlannedStep, work: StepWork, sessionId: string): string {
  const { row, items } = work;
  const { head, tail } = getFixedTexts(step);
  const input = row?.startedAt == null ? 'null' : toInput(step, work, noItem);
  const output = row?.status !== 'completed' ? 'null' : step.forEach ? toList(step, work) : (findOutput(work, row) ?? 'null');
  let attempts = row?.attempt ?? 0;
  let interruptions = row?.interruptions ?? 0;
  for (const item of items) {
    attempts = Math.max(attempts, item.attempt);
    interruptions += item.interruptions;
  }
  return `${head}${JSON.stringify(sessionId)},"status":"${row?.status ?? 'pending'}","success":${row?.status === 'completed'},"result":"${row ? toEvaluation(step, row) : 'not_evaluated'}"${tail}`
    + `,"attempts":${attempts},"interruptions":${interruptions},"input":${input},"output":${output},"failure":${toFailureText(row?.failure)},"recovery":${writeRecovery(step, row)}`
    + `,"toolCalls":[${writeCalls(step, work, sessionId)}]${writeTimes(row?.startedAt ?? null, row?.settledAt ?? null)}}`;
}

/** How it was recovered, and by whom; null: it was not. */
function writeRecovery({ retry, recover, alternativeOf }: PlannedStep, row: StepRecord | undefined): string {
  const how = row?.recovery ?? (row?.status === 'completed' && recover?.retry && row.attempt > retry.maxAttempts ? 'further_attempts' : null);
  const by = how === 'alternative' ? recover?.alternative : null;
  const text = how === null ? 'null' : `{"how":"${how}"${by == null ? '' : `,"index":${by}`}}`;
  return alternativeOf === null ? text : `${text},"alternativeOf":${alternativeOf}`;
}

const toFailureText = (failure: object | null | undefined): string => (failure ? JSON.stringify(failure) : 'null');

const writeTimes = (startedAt: number | null, settledAt: number | null): string =>
  `,"startedAt":${startedAt},"settledAt":${settledAt},"durationMs":${startedAt === null || settledAt === null ? null : settledAt - startedAt}`;

/** Every run of the handler is a call of its own, whatever came of it. */
function writeCalls(step: PlannedStep, work: StepWork, sessionId: string): string {
  if (step.role !== 'task') return '';
  // Without `with` an item is its own input.
  const list = step.forEach && step.with === null ? (JSON.parse(work.inputs.get(noItem) ?? '[]') as unknown[]) : undefined;
  const stoodIn = work.row && isStoodIn(work.row) ? work.row.run : undefined;
  return work.attempts.filter(({ run }) => run !== stoodIn).map(attempt => writeCall(step, sessionId, attempt, list ? JSON.stringify(list[attempt.item] ?? null) : toInput(step, work, attempt.item))).join(',');
}

function writeCall(step: PlannedStep, sessionId: string, { item, run, attempt, status, output, failure, startedAt, endedAt }: AttemptRecord, input: string): string {
  const id = JSON.stringify(`${sessionId}${item === noItem ? '' : `_item_${item}`}_call_${run}`);
  return `{"toolCallId":${id},"tool":${getFixedTexts(step).tool}${item === noItem ? '' : `,"item":${item}`},"attempt":${attempt},"input":${input},"output":${output ?? 'null'}`
    + `,"status":"${status}","failure":${toFailureText(failure)},"startedAt":${startedAt},"endedAt":${endedAt},"durationMs":${endedAt - startedAt}}`;
}

/** What expressions made of `with`, or what the definition says. A list is what a step with `for_each` is given. */
function toInput(step: PlannedStep, { inputs }: StepWork, item: number): string {
  return inputs.get(item) ?? (step.forEach && item === noItem ? 'null' : getFixedTexts(step).input);
}

function findOutput({ attempts }: StepWork, { item, run }: StepRecord): string | undefined {
  return attempts.findLast(attempt => attempt.item === item && attempt.run === run && attempt.status === 'completed')?.output ?? undefined;
}

function toList(step: PlannedStep, { items, attempts }: StepWork): string {
  const outputs = new Map(attempts.filter(({ status }) => status === 'completed').map(({ item, output }) => [item, output]));
  return `[${toItemList(step, items.map(({ item, status, failure }) => ({ status, failure, output: outputs.get(item) ?? null }))).join(',')}]`;
}
