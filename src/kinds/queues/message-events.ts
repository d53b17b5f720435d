import type { MessageEvent } from '../../../machines/message.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { Outcome } from './queue-commands.ts';

/** What a worker says of a message, as its machine takes it. */
export function toEvent(outcome: Outcome, claim: number, now: number): MessageEvent {
  switch (outcome.type) {
    case 'ack':
      return { type: 'message.ack', claim };
    case 'fail':
      return { type: 'message.fail', claim, failure: outcome.failure, retryAt: now + outcome.retryAfterMs };
    case 'bury':
      return { type: 'message.bury', claim, failure: outcome.failure };
    case 'snooze':
      return { type: 'message.snooze', claim, dueAt: now + outcome.ms };
    case 'extend':
      return { type: 'lease.extend', claim, leaseUntil: now + outcome.ms };
    default:
      return { type: 'claim.released', claim };
  }
}

/** Why, as a history keeps it. */
export const toReason = ({ code, message }: StepFailure): string => JSON.stringify({ code, message: message.slice(0, 300) });
export const toDetail = (outcome: Outcome): string | undefined => ('failure' in outcome ? toReason(outcome.failure) : undefined);
