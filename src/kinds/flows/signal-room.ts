import type { SignalRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { getSignalName, isFanOut } from '../../kernel/tree.ts';

/** Signals that may wait for a step, per execution. */
const maxWaiting = 10_000;
/** Characters of JSON that they may have together. */
const maxWaitingLength = 16 * 1_024 * 1_024;

/** Says why a signal cannot be kept until a step waits for it; undefined: it can, or one waits. */
export function findLackOfRoom({ signals, actors, flow, executionId }: FlowTree, { name, payload }: Pick<SignalRecord, 'name' | 'payload'>): FlowError | undefined {
  if (signals.length === 0 || flow.status !== 'active') return undefined;
  let length = payload.length;
  for (const waiting of signals) length += waiting.payload.length;
  if (signals.length < maxWaiting && length <= maxWaitingLength) return undefined;
  for (const actor of actors.values()) if (!isFanOut(actor) && actor.snapshot.value === 'waiting' && getSignalName(actor) === name) return undefined;
  return new FlowError(
    'signals_full',
    `Expected room for the signal "${name}" to ${executionId}, found ${signals.length} that no step has waited for yet, of ${length - payload.length} characters together; at most ${maxWaiting} of ${maxWaitingLength} are kept. Send it when a step waits for it, or cancel the execution`,
    { details: { executionId, name, waiting: signals.length } },
  );
}
