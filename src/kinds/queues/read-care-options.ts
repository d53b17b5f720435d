import { FlowError } from '../../core/errors.ts';
import { requireKnownKeys } from '../../core/known-keys.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import type { MessageDetails, QueueCare } from './queue-api.ts';

type PeekOptions = NonNullable<Parameters<QueueCare['peek']>[1]>;

const statuses: readonly MessageDetails['status'][] = ['pending', 'processing', 'retrying', 'completed', 'dead'];
const defaultLimit = 100;

/** Checks what `peek` is asked for. @throws a `FlowError` with code `option_invalid` */
export function readPeek(options: PeekOptions = {}): Required<PeekOptions> {
  const { status = 'pending', limit = defaultLimit } = requireKnownKeys(options, { status: true, limit: true }, '`queues.peek`');
  if (!statuses.includes(status)) {
    throw new FlowError('option_invalid', `Expected \`status\` to be one of ${statuses.join(', ')}, got ${describeValue(status)}${didYouMean(String(status), statuses)}`);
  }
  return { status, limit: requireLimit(limit) };
}

/** Checks how many messages of the outbox are wanted. @throws a `FlowError` with code `option_invalid` */
export function readOutboxLimit(options: { readonly limit?: number } = {}): number {
  return requireLimit(requireKnownKeys(options, { limit: true }, '`queues.outbox`').limit ?? defaultLimit);
}

function requireLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new FlowError('option_invalid', `Expected \`limit\` to be an integer ≥ 1, got ${describeValue(limit)}`);
}
