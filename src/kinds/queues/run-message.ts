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
import type { MessageCall, PublishOptions } from './queue-api.ts';
import type { ClaimedMessage, Outcome, PublishRequest } from './queue-commands.ts';
import type { SchemaIssue } from '../../core/standard-schema.ts';
import { listIssues, validateAtOnce } from '../../core/standard-schema.ts';
import { readStored } from '../../core/stored-value.ts';

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

type Deeds = Pick<MessageCall, 'extend' | 'publish' | 'deadLetter' | 'snooze'>;

/**
 * What a handler is called with.
 *
 * A class for the sake of its getters: in an object literal they are made anew for every message, which takes longer than
 * the rest of the call.
 */
class HandlerCall implements MessageCall {
  readonly payload: unknown;
  readonly messageId: string;
  readonly queue: string;
  readonly attempt: number;
  readonly interruptions: number;
  readonly idempotencyKey: string;
  readonly priority: number;
  readonly correlationId: string | undefined;
  readonly partitionKey: string | undefined;
  readonly publishedAt: number;
  readonly extend: MessageCall['extend'];
  readonly publish: MessageCall['publish'];
  readonly deadLetter: MessageCall['deadLetter'];
  readonly snooze: MessageCall['snooze'];
  readonly #logger: Logger;
  readonly #aborting: { readonly signal: AbortSignal };

  constructor(payload: unknown, message: ClaimedMessage, queue: Queue, deeds: Deeds, logger: Logger, aborting: { readonly signal: AbortSignal }) {
    this.payload = payload;
    this.messageId = message.messageId;
    this.queue = queue.name;
    this.attempt = message.attempt;
    this.interruptions = message.interruptions;
    this.idempotencyKey = `${message.messageId}#${message.generation}`;
    this.priority = message.priority;
    this.correlationId = message.correlationId ?? undefined;
    this.partitionKey = message.partitionKey ?? undefined;
    this.publishedAt = message.publishedAt;
    this.extend = deeds.extend;
    this.publish = deeds.publish;
    this.deadLetter = deeds.deadLetter;
    this.snooze = deeds.snooze;
    this.#logger = logger;
    this.#aborting = aborting;
  }

  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  get logger(): Logger {
    return this.#logger.child({ queue: this.queue, messageId: this.messageId });
  }
}

/** An abort signal that is made when somebody asks for it: to make one takes longer than to run an empty handler. */
export class LazySignal {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}

/**
 * Lifts a stored payload to the version its consumer takes, and checks it.
 *
 * @param messageId whose it is
 * @param json its payload as stored
 * @returns the payload, or why the message goes to the dead letters
 */
export function readPayload<Payload>(queue: Queue<Payload, string, unknown>, version: number, messageId: string, json: string): { readonly payload: Payload } | { readonly failure: StepFailure } {
  let value: unknown;
  try {
    value = readStored('messages.payload', messageId, json);
  } catch (error) {
    const { code, message, details } = error as FlowError;
    return { failure: createFailure(code, message, details) };
  }
  if (version > queue.version) return unknownVersion(queue, version);
  for (let from = version; from < queue.version; from++) {
    const upgrade = queue.upgrades[from];
    if (!upgrade) return unknownVersion(queue, version);
    try {
      value = upgrade(value as never);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { failure: createFailure('payload_upgrade_failed', `The payload could not be lifted from version ${from} to ${from + 1}: ${reason.slice(0, 500)}`, { version: from }) };
    }
  }
  if (!queue.schema) return { payload: value as Payload };
  const read = validateAtOnce(queue.schema, value, `queue "${queue.name}"`);
  return read.issues ? { failure: createFailure('payload_invalid', `The payload does not fit the schema of queue "${queue.name}": ${describeIssues(read.issues)}`) } : { payload: read.value };
}

function unknownVersion({ name, version: newest, upgrades }: Queue, version: number): { readonly failure: StepFailure } {
  const known = [...new Set([...Object.keys(upgrades).map(Number), newest])].toSorted((a, b) => a - b);
  return { failure: createFailure('payload_version_unknown', `Expected a payload of queue "${name}" in a version this consumer can read (${known.join(', ')}), got version ${version}`, { version, known }) };
}

/** What a schema complains about, in words. */
export const describeIssues = (issues: readonly SchemaIssue[]): string => listIssues(issues, 'payload').join('; ');
