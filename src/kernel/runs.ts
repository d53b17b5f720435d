import { noItem, toLocalAddress } from '../core/address.ts';
import { toIdempotencyKey } from '../core/ids.ts';
import { copyJson } from '../core/json.ts';
import type { ExecutionHeader } from './rows.ts';
import type { StepActor, FlowTree } from './tree.ts';
import { createTimerEvent, getActor, isFanOut } from './tree.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { computeRetryDelay, toAskUntil } from './fallback.ts';
import type { Message } from './messages.ts';
import type { StepEvent } from '../../machines/step.ts';
import type { AttemptRecord } from '../../persistence/records.ts';
import type { EndedAttempt } from './changes.ts';

/** What the flow asks an executor to do: one run of one step. */
export interface Ping {
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  /** Place in the `for_each` list; undefined: the step itself. */
  readonly item: number | undefined;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt and every run. */
  readonly idempotencyKey: string;
  /** Longest the attempt may take, ms; null: no limit. */
  readonly timeoutMs: number | null;
  readonly input: unknown;
}

/** Says what the present run of a step, or what it waits for, is to be given. */
export const toPing = (header: ExecutionHeader, actor: StepActor): Ping => new NewPing(header, actor);

class NewPing implements Ping {
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  readonly item: number | undefined;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly timeoutMs: number | null;
  readonly input: unknown;

  constructor({ executionId, flowId, generation }: ExecutionHeader, { step, item, snapshot, input }: StepActor) {
    this.executionId = executionId;
    this.flowId = flowId;
    this.stepId = step.id;
    this.item = item === noItem ? undefined : item;
    this.attempt = snapshot.context.attempt;
    this.idempotencyKey = toIdempotencyKey(executionId, toLocalAddress(step.id, item), generation);
    this.timeoutMs = step.timeoutMs;
    this.input = input === undefined ? (step.with?.value ?? {}) : copyJson(input);
  }
}

/** One run of a step or an item, as the effect `run` names it. */
export interface RunPlace {
  readonly position: number;
  readonly item: number;
  readonly run: number;
}

/** What a handler came to. `output` is JSON text. */
export type RunOutcome =
  | { readonly type: 'completed'; readonly output: string }
  /** `retryAfterMs`: when it may be tried again; left out: as the step's `retry` says. */
  | { readonly type: 'failed'; readonly failure: StepFailure; readonly retryAfterMs?: number | undefined };

/** Says what a run came to. @param random uniform in [0, 1): the jitter of the back-off */
export function toRunMessage(tree: FlowTree, { position, item, run }: RunPlace, outcome: RunOutcome, now: number, random: () => number): Extract<Message, { to: 'step' }> {
  if (outcome.type === 'completed') return { to: 'step', position, item, event: { type: 'attempt.completed', run }, output: outcome.output };
  const step = tree.plan.steps[position];
  const isExcluded = step?.retry.nonRetryable.includes(outcome.failure.code) ?? false;
  const failure = isExcluded ? { ...outcome.failure, retryable: false } : outcome.failure;
  const actor = getActor(tree, position, item);
  const attempt = actor && !isFanOut(actor) ? actor.snapshot.context.attempt : 1;
  const delay = outcome.retryAfterMs ?? (step ? computeRetryDelay(step, attempt, random()) : 0);
  return { to: 'step', position, item, event: { type: 'attempt.failed', run, failure, retryAt: now + delay, ...(step && toAskUntil(step, now)) } };
}

/** Says that the flow has run out of its time. */
export function toExpiry({ timeoutMs }: Pick<FlowPlan, 'timeoutMs'>): Message {
  return { to: 'flow', event: { type: 'flow.expire', failure: createFailure('flow_timeout', `The flow took longer than ${timeoutMs} ms`) } };
}

/** What has fallen due: waits and back-offs whose time has come, then the flow's own timeout. */
export function listDue({ plan, actors, flow }: FlowTree, startedAt: number | null, now: number): Message[] {
  const due: { readonly at: number; readonly message: Message }[] = [];
  const visit = (actor: StepActor): void => {
    const { dueAt } = actor.snapshot.context;
    // What waits for a slot has been told.
    if (dueAt === null || dueAt > now || actor.isDue) return;
    due.push({ at: dueAt, message: { to: 'step', position: actor.step.position, item: actor.item, event: createTimerEvent(actor) } });
  };
  for (const actor of actors.values()) isFanOut(actor) ? actor.items.forEach(visit) : visit(actor);
  const messages = due.toSorted((a, b) => a.at - b.at).map(({ message }) => message);
  const expires = plan.timeoutMs !== null && startedAt !== null && startedAt + plan.timeoutMs <= now;
  if (expires && flow.status === 'active' && !flow.context.ending) messages.push(toExpiry(plan));
  return messages;
}

const endings: Partial<Record<StepEvent['type'], AttemptRecord['status']>> = {
  'attempt.completed': 'completed',
  'attempt.failed': 'failed',
  'attempt.interrupted': 'interrupted',
  'step.release': 'released',
  'step.cancel': 'cancelled',
};

/** The row of a run, or a wait, that has just ended. */
export function toEndedAttempt(
  actor: StepActor,
  { run, attempt }: { readonly run: number; readonly attempt: number },
  event: StepEvent,
  output: string | undefined,
  now: number,
): EndedAttempt {
  const { value, context } = actor.snapshot;
  const status = endings[event.type] ?? (value === 'completed' ? 'completed' : 'failed');
  const reason = 'failure' in event && event.failure ? event.failure : context.failure;
  return {
    position: actor.step.position,
    item: actor.item,
    run,
    attempt,
    status,
    startedAt: actor.runAt,
    endedAt: Math.max(now, actor.runAt),
    failure: status === 'completed' || status === 'released' ? null : reason,
    output: status === 'completed' ? (output ?? 'null') : null,
  };
}
