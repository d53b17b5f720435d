import { evaluatorProcess } from '../../../evaluator/evaluator.ts';
import type { Logger } from '../../../core/logger.ts';
import { type AssertedStep, type Evidence, evaluateAssertions, type Reading } from '../../../assertions/evaluate-assertions.ts';
import type { Clock } from '../../../core/clock.ts';
import { FlowError } from '../../../core/errors.ts';
import { createFailure, type StepFailure } from '../../../core/failure.ts';
import { toIdempotencyKey } from '../../../core/ids.ts';
import type { AssertionResult } from '../../../core/score.ts';
import type { FlowPlan, PlannedState } from '../../../definition/plan.ts';
import type { ExecutionHeader } from '../../../kernel/rows.ts';
import { StepRun } from '../step-runner.ts';
import { toFailure } from '../../../core/thrown-failure.ts';
import type { Tool } from '../tool.ts';
import type { StepWork } from './gather.ts';
import { readSteps } from './steps-text.ts';
import { readStored } from '../../../core/stored-value.ts';

export interface JudgeOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly maxOutputBytes: number;
  readonly expressionTimeLimitMs: number;
}

/** An execution whose steps have settled. */
export interface Finished {
  readonly header: ExecutionHeader;
  readonly plan: FlowPlan;
}

/** What the assertions came to, and the state they looked at. */
export interface Judgement {
  readonly assertions: readonly AssertionResult[];
  /** JSON text of `{ value }` or `{ failure }`; undefined: nothing reads it. */
  readonly state?: string | undefined;
}

/** Whether there is anything to judge. */
export const hasAssertions = ({ plan }: Pick<Finished, 'plan'>): boolean => plan.assertions.length > 0 || plan.state !== null;

/** Reads the state, then evaluates the assertions. A state that cannot be read leaves them not evaluated. */
export async function judge(finished: Finished, work: readonly StepWork[], options: JudgeOptions, signal: AbortSignal): Promise<Judgement> {
  const { header, plan } = finished;
  const sessions = readSteps(header.executionId, plan, work);
  const steps = Object.fromEntries(sessions.map(({ stepId, status, output, failure }): [string, AssertedStep] => [stepId, { status, failure, ...(status === 'completed' && { output }) }]));
  const read = plan.state && (await readState(plan.state, finished, steps, options, signal));
  const initial = plan.state?.initial == null ? undefined : plan.steps[plan.state.initial];
  const toolCalls = sessions.flatMap(step => step.toolCalls).toSorted((a, b) => a.startedAt - b.startedAt);
  const evidence: Evidence = { steps, toolCalls, state: read ? toReading(read) : undefined, initial: initial && toFirstReading(initial.id, steps[initial.id]) };
  return { assertions: await evaluateAssertions(plan.assertions, evidence, options.expressionTimeLimitMs), state: read ? ('value' in read ? `{"value":${read.value}}` : JSON.stringify({ failure: read.failure })) : undefined };
}

/** The value is JSON text. */
type Read = { readonly value: string } | { readonly failure: StepFailure };

const toReading = (read: Read): Reading => ('value' in read ? { value: JSON.parse(read.value) as unknown } : { failure: read.failure.message });

const toFirstReading = (id: string, step: AssertedStep | undefined): Reading => (step?.status === 'completed' ? { value: step.output } : { failure: `the step \`${id}\` is ${step?.status ?? 'not there'}` });

async function readState(state: PlannedState, { header, plan }: Finished, steps: Evidence['steps'], options: JudgeOptions, signal: AbortSignal): Promise<Read> {
  const { clock, logger, tools, maxOutputBytes, expressionTimeLimitMs: timeLimitMs } = options;
  const tool = tools.get(state.target);
  if (!tool) return { failure: createFailure('tool_unknown', `Expected a tool named "${state.target}", this runtime has none`) };
  const idempotencyKey = toIdempotencyKey(header.executionId, 'state', header.generation);
  let input: unknown = {};
  try {
    const scope = { input: readStored('inputs.input', header.key, header.input), steps: Object.fromEntries(plan.steps.map(({ id }) => [id, { output: steps[id]?.output ?? null, status: steps[id]?.status ?? 'pending' }])) };
    if (state.with) input = state.with.constant ? structuredClone(state.with.value) : await state.with.evaluate(scope, { now: clock.now(), seed: idempotencyKey, timeLimitMs, room: { maxBytes: maxOutputBytes, used: 0 }, apart: evaluatorProcess });
  } catch (error) {
    return { failure: toFailure(error, false) };
  }
  const { executionId, flowId } = header;
  const ping = { executionId, flowId, stepId: 'state', item: undefined, attempt: 1, idempotencyKey, timeoutMs: state.timeoutMs, input };
  return new Promise(resolve => {
    const running = new StepRun(ping, tool, { clock, logger, maxOutputBytes }, refuse, false, (pong, late) => {
      signal.removeEventListener('abort', stop);
      if (late) return;
      if (pong.type === 'failed') resolve({ failure: pong.failure });
      else if (pong.writes || pong.posts) resolve({ failure: createFailure('state_read_only', `Expected the tool "${state.target}" to read the state and nothing else, it wanted to write`) });
      else resolve({ value: pong.output });
    });
    const stop = (): void => running.abort(createFailure('cancelled', 'Nobody waits for the state any more'));
    signal.addEventListener('abort', stop, { once: true });
    running.begin();
  });
}

/** The reading is no step: what it made would belong to nothing. */
function refuse(): never {
  throw new FlowError('state_read_only', 'Expected a tool that reads the state to read and nothing else, it wanted to store an artifact or a call of a model');
}
