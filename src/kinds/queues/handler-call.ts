import type { Logger } from '../../core/logger.ts';
import type { Queue } from './define-queue.ts';
import type { MessageCall } from './queue-api.ts';
import type { ClaimedMessage } from './queue-commands.ts';

type Deeds = Pick<MessageCall, 'extend' | 'publish' | 'deadLetter' | 'snooze'>;

/**
 * What a handler is called with.
 *
 * A class for the sake of its getters: in an object literal they are made anew for every message, which takes longer than
 * the rest of the call.
 */
export class HandlerCall implements MessageCall {
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
