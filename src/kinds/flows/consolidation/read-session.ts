import type { ConsolidatedRecord } from '../../../../persistence/consolidation-store.ts';
import type { ExecutionRecord, StepRecord } from '../../../../persistence/records.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import { toConsolidatedSessionId, toStepSessionId } from '../../../core/ids.ts';
import { computeScore } from '../../../core/score.ts';
import { compileStored } from '../../../definition/compile-stored.ts';
import type { FlowPlan } from '../../../definition/plan.ts';
import { noItem } from '../../../core/address.ts';
import { gatherWork } from './gather.ts';
import { toScoredSteps } from '../../../kernel/tally.ts';
import type { ConsolidatedSession } from './session.ts';
import { readSteps } from './steps-text.ts';
import { readStored } from '../../../core/stored-value.ts';

/** What only the row of a consolidation says. */
type Content = Partial<Pick<ConsolidatedSession, 'assertions' | 'state' | 'extra' | 'steps'>>;

/** An execution as its session tells it. */
export type SessionExecution = Pick<ExecutionRecord, 'key' | 'executionId' | 'generation' | 'flowId' | 'flowVersion' | 'digest' | 'input' | 'score' | 'passed'>;

/** A session without what its steps did: the score and what it was made of. */
export type ConsolidationVerdict = Omit<ConsolidatedSession, 'input' | 'steps' | 'originalSessionIds' | 'extra'>;

const readContent = ({ executionKey, content }: ConsolidatedRecord): Content => (content === null ? {} : readStored<Content>('consolidations.content', executionKey, content));

/** The row of what an execution came to; without a generation, of the newest that came to anything. */
export async function findConsolidated(reader: RecordReader, executionId: string, generation?: number): Promise<{ readonly execution: ExecutionRecord; readonly row: ConsolidatedRecord } | undefined> {
  const wanted = generation === undefined ? await reader.listGenerations(executionId) : [await reader.getExecution(executionId, generation)];
  for (const execution of wanted) {
    const row = execution && (await reader.getConsolidated(execution.key));
    if (row) return { execution, row };
  }
  return undefined;
}

/** A session without its steps and input, whatever their size. */
export type SessionHead = Omit<ConsolidatedSession, 'input' | 'steps'>;

/** What an execution came to; undefined: nothing yet. */
export async function readSessionHead(reader: RecordReader, execution: SessionExecution): Promise<SessionHead | undefined> {
  const row = await reader.getConsolidated(execution.key);
  return row && toHead(await loadPlan(reader, execution), execution, row, await reader.listSteps(execution.key));
}

/** The score of an execution and what it was made of; undefined: it has none yet. */
export async function readVerdict(reader: RecordReader, execution: SessionExecution): Promise<ConsolidationVerdict | undefined> {
  const head = await readSessionHead(reader, execution);
  if (!head) return undefined;
  const { originalSessionIds: _ids, extra: _extra, ...verdict } = head;
  return verdict;
}

/** A session with its steps, which are read from where they are kept. */
export async function loadSession(reader: RecordReader, execution: SessionExecution, row: ConsolidatedRecord): Promise<ConsolidatedSession> {
  const { key, executionId, input } = execution;
  const plan = await loadPlan(reader, execution);
  const rows = await reader.listSteps(key);
  return {
    ...toHead(plan, execution, row, rows),
    input: readStored('inputs.input', key, input),
    steps: readContent(row).steps ?? readSteps(executionId, plan, await gatherWork(reader, key, plan, rows)),
  };
}

/** The steps that began. */
const listSessionIds = (executionId: string, rows: readonly StepRecord[]): string[] =>
  rows.filter(({ item, startedAt }) => item === noItem && startedAt !== null).map(({ position }) => toStepSessionId(executionId, position));

function toHead(plan: FlowPlan, { executionId, generation, flowId, flowVersion, score, passed }: SessionExecution, row: ConsolidatedRecord, steps: readonly StepRecord[]): SessionHead {
  const { assertions = [], state, extra } = readContent(row);
  const { score: _computed, ...parts } = computeScore(toScoredSteps(plan, steps), assertions);
  const { status, successRate, totalTools, executionDurationMs, error, createdAt } = row;
  return {
    consolidatedSessionId: toConsolidatedSessionId(executionId, generation), executionId, generation, status, flowId, flowVersion, flowType: plan.flowType, mode: plan.mode,
    assertions, passed: passed ?? false, minScore: plan.minScore, ...parts, consolidator: plan.consolidation.uses, score: score ?? 0,
    successRate, totalTools, executionDurationMs, error, createdAt, ...(state && { state }), ...(extra !== undefined && { extra }), originalSessionIds: listSessionIds(executionId, steps),
  };
}

async function loadPlan(reader: RecordReader, { digest }: SessionExecution): Promise<FlowPlan> {
  const record = await reader.getDefinition(digest);
  if (!record) throw new FlowError('definition_missing', `Expected the definition ${digest} in ${reader.location}, found none`);
  return compileStored(record);
}
