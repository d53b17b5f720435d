import type { StepEvent } from '../../machines/step.ts';
import type { AttemptRecord } from '../../persistence/records.ts';
import type { EndedAttempt } from './changes.ts';
import type { StepActor } from './tree.ts';

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
