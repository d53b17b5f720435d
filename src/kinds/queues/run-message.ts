import type { Logger } from '../../core/logger.ts';
import { computeBackoff } from '../../core/backoff.ts';
import { FlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { Random } from '../../core/ids.ts';
import { describeValue } from '../../core/wording.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { isOutcome } from '../../core/outcome.ts';
import type { Queue } from './define-queue.ts';
import { HandlerCall } from './handler-call.ts';
import type { MessageCall, PublishOptions } from './queue-api.ts';
import type { ClaimedMessage, Outcome, PublishRequest } from './queue-commands.ts';
import { readPayload } from './read-payload.ts';

/** What a handler may do while it runs. */
export interface MessageSurroundings {
  readonly logger: Logger;
  readonly random: Random;
  readonly aborting: { readonly signal: AbortSignal };
  /** @throws a `FlowError` with code `claim_lost` */
  readonly extend: (ms: number) => Promise<void>;
  readonly toRequest: <Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions) => PublishRequest;
}

const maxSnoozeMs = 100 * 365 * 86_400_000;

/** Runs the handler of one message: read → call → outcome. Never throws. */
export async function runMessage(message: ClaimedMessage, queue: Queue, handle: (call: MessageCall<never>) => unknown, surroundings: MessageSurroundings): Promise<Outcome> {
  const read = readSafely(queue, message);
  if ('failure' in read) return { type: 'bury', failure: read.failure };
  const publishes: PublishRequest[] = [];
  let decided: Outcome | undefined;
  const { attempt } = message;
  const deeds = {
    extend: (ms = queue.visibilityTimeoutMs) => surroundings.extend(requireMs('ms', ms, 1)),
    publish<Given>(target: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions = {}) {
      const request = surroundings.toRequest(target, payload, options);
      publishes.push(request);
      return request.messageId;
    },
    deadLetter(reason: string) {
      decided = { type: 'bury', failure: createFailure('dead_lettered', String(reason).slice(0, 2_000)) };
    },
    snooze(ms: number) {
      decided = { type: 'snooze', ms: requireMs('ms', ms, 0) };
    },
  };
  const call: MessageCall = new HandlerCall(read.payload, message, queue, deeds, surroundings.logger, surroundings.aborting);
  try {
    const result = await handle(call as MessageCall<never>);
    if (decided) return decided;
    if (!isOutcome(result)) return { type: 'ack', publishes };
    return toFailed(result.failure, queue, attempt, surroundings.random, result.retryAfterMs);
  } catch (error) {
    return toFailed(toMessageFailure(error), queue, attempt, surroundings.random);
  }
}

/** What is said of a message whose handler threw. */
export function toMessageFailure(error: unknown): StepFailure {
  const failure = toFailure(error);
  return failure.code === 'tool_threw' ? { ...failure, code: 'handler_threw' } : failure;
}

export function toFailed(failure: StepFailure, queue: Queue, attempt: number, random: Random, retryAfterMs?: number): Outcome {
  return { type: 'fail', failure, retryAfterMs: Math.max(0, Math.ceil(retryAfterMs ?? computeBackoff(queue.backoff, attempt, random.next()))) };
}

function readSafely(queue: Queue, { messageId, version, payload }: ClaimedMessage): ReturnType<typeof readPayload> {
  try {
    return readPayload(queue, version, messageId, payload);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { failure: createFailure('payload_invalid', `The payload could not be checked: ${reason.slice(0, 500)}`) };
  }
}

function requireMs(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && value >= least && value <= maxSnoozeMs) return Math.ceil(value);
  throw new FlowError('option_invalid', `Expected \`${name}\` to be a number of ms from ${least} to ${maxSnoozeMs}, got ${describeValue(value)}`);
}
