import { createFailure } from '../core/failure.ts';
import { toExpiry } from '../kernel/runs.ts';
import type { Message } from '../kernel/messages.ts';
import type { FlowTree, StepActor } from '../kernel/tree.ts';
import { createTimerEvent, isFanOut } from '../kernel/tree.ts';
import { toLocalAddress } from '../core/address.ts';
import { toFailed } from './outcomes.ts';

/** Something that happens when its time has come. */
export interface DueEvent {
  readonly at: number;
  /** Address, or `flow` for the flow's own timeout. */
  readonly place: string;
  readonly message: (now: number) => Message;
}

/** What falls due next: everything that is due at the same time, in the order in which it happens. */
export function listDue(tree: FlowTree, startedAt: number): DueEvent[] {
  const due: DueEvent[] = [];
  const visit = (actor: StepActor): void => {
    const found = toDue(actor);
    if (found) due.push(found);
  };
  for (const actor of tree.actors.values()) isFanOut(actor) ? actor.items.forEach(visit) : visit(actor);
  const { timeoutMs } = tree.plan;
  if (timeoutMs !== null && tree.flow.status === 'active' && !tree.flow.context.ending) {
    due.push({ at: startedAt + timeoutMs, place: 'flow', message: () => toExpiry(tree.plan) });
  }
  const next = Math.min(...due.map(({ at }) => at));
  return due.filter(({ at }) => at === next);
}

function toDue(actor: StepActor): DueEvent | undefined {
  const { step, item, snapshot, runAt } = actor;
  const { value, context } = snapshot;
  const place = toLocalAddress(step.id, item);
  const base = { to: 'step', position: step.position, item } as const;
  if (value === 'running') {
    const { timeoutMs } = step;
    if (timeoutMs === null) return undefined;
    const { run, attempt } = context;
    const failure = { ...createFailure('step_timeout', `The attempt took longer than ${timeoutMs} ms`, { timeoutMs }), retryable: true };
    return { at: runAt + timeoutMs, place, message: now => ({ ...base, event: toFailed(actor, run, attempt, failure, now) }) };
  }
  if (context.dueAt === null || (value !== 'waiting' && value !== 'retrying')) return undefined;
  return { at: context.dueAt, place, message: () => ({ ...base, event: createTimerEvent(actor) }) };
}
