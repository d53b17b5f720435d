import type { Answer } from '../../../persistence/answer.ts';
import type { Described, Holding, Rehearsal } from '../../engine/holding.ts';
import type { Envelope, Kind } from '../../engine/kind.ts';
import type { MessageWaiters } from './message-waiters.ts';
import type { QueueCommand } from './queue-commands.ts';
import type { QueuedMessage } from './queued-message.ts';

export interface QueueHoldingOptions {
  readonly kind: Kind<QueueCommand>;
  readonly waiters: MessageWaiters;
  /** Brings into memory what a command is decided by. */
  readonly load: (command: QueueCommand, now: number) => Answer<void>;
}

/** Messages are not held, but what a flow would be given is told beforehand. */
export class QueueHolding implements Holding<QueueCommand, Envelope> {
  readonly #options: QueueHoldingOptions;

  constructor(options: QueueHoldingOptions) {
    this.#options = options;
  }

  subjectOf(): undefined {
    return undefined;
  }

  describe({ type }: QueueCommand): Described {
    return { address: '', event: { type: `queue.${type}` }, size: 64 };
  }

  apart(): undefined {
    return undefined;
  }

  find(): undefined {
    return undefined;
  }

  released(): void {}

  async rehearse(command: QueueCommand, rehearsal: Rehearsal<Envelope>): Promise<void> {
    const { kind, waiters, load } = this.#options;
    if (command.type !== 'await') return rehearsal.perform(`queue ${command.type}`);
    await load(command, rehearsal.now);
    waiters.rehearse(command.waits, rehearsal.scratch(kind, () => new Set<QueuedMessage>()), rehearsal.now, envelope => rehearsal.post(envelope));
  }
}
