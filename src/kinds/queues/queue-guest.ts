import { FlowError, isFlowError } from '../../core/errors.ts';
import type { ClaimedMessage, Link, Receipt } from './queue-commands.ts';
import type { QueueParticipant } from './queue-participant.ts';
import type { GuestAnswer, GuestCommand, GuestPush } from './queue-protocol.ts';
import { guestCommand } from './queue-protocol.ts';

export interface GuestOptions {
  readonly participant: QueueParticipant;
  /** Deletes settled messages. */
  readonly purge: (queue: string, status: 'dead' | 'completed') => Promise<number>;
  /** Longest line it takes, characters. */
  readonly maxLength: number;
  /** Writes a line to the other process. */
  readonly push: (value: { readonly push: readonly GuestPush[] }) => void;
}

/** Another process at the queues of this one, for as long as its connection lasts. */
export class QueueGuest implements Link {
  readonly #options: GuestOptions;
  #name: string | undefined;
  #pushes: GuestPush[] = [];

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#name ?? 'guest:unknown';
  }

  /** Carries a line of commands out, in the order given; all of them meet in one tick. */
  take(commands: readonly unknown[]): Promise<readonly GuestAnswer[]> {
    return Promise.all(commands.map(async (command): Promise<GuestAnswer> => {
      try {
        return { value: await this.#perform(command) };
      } catch (error) {
        if (!isFlowError(error)) return { error: { code: 'request_failed', message: error instanceof Error ? error.message : String(error) } };
        const { code, message, details } = error;
        return { error: { code, message, ...(details && { details: JSON.parse(JSON.stringify(details)) as Record<string, unknown> }) } };
      }
    }));
  }

  /** The connection is over: what it has claimed comes back. */
  closed(): void {
    if (this.#name !== undefined) this.#options.participant.tell({ type: 'hangUp', link: this, released: false });
  }

  deliver(requestId: number, messages: readonly ClaimedMessage[]): void {
    this.#push({ type: 'deliver', id: requestId, messages });
  }

  lose(receipts: readonly Receipt[]): void {
    this.#push({ type: 'lose', receipts });
  }

  /** What one tick has to say goes in one line. */
  #push(push: GuestPush): void {
    this.#pushes.push(push);
    if (this.#pushes.length > 1) return;
    queueMicrotask(() => {
      const pushes = this.#pushes;
      this.#pushes = [];
      this.#options.push({ push: pushes });
    });
  }

  async #perform(value: unknown): Promise<unknown> {
    const { participant, maxLength, purge } = this.#options;
    const command = readCommand(value);
    if (command.type === 'attach') {
      this.#name = command.client;
      await participant.send({ type: 'attach', link: this, receipts: command.receipts });
      return { maxLength };
    }
    if (this.#name === undefined && command.type !== 'publish' && command.type !== 'redrive' && command.type !== 'purge' && command.type !== 'forget') {
      throw new FlowError('request_invalid', 'Expected `attach` before anything else from a process that consumes');
    }
    switch (command.type) {
      case 'claim': {
        const { id, queue, instance, max, leaseMs } = command;
        return participant.send({ type: 'claim', request: { id, link: this, queue, instance, max, leaseMs } });
      }
      case 'unclaim':
        return participant.send({ type: 'unclaim', link: this, id: command.id });
      case 'answer':
        return participant.send({ type: 'answer', by: this.name, receipt: command.receipt, outcome: command.outcome });
      case 'leave':
        return participant.send({ type: 'hangUp', link: this, released: true });
      case 'purge':
        return purge(command.queue, command.status);
      default:
        return participant.send(command);
    }
  }
}

function readCommand(value: unknown): GuestCommand {
  const { success, data, error } = guestCommand.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new FlowError('request_invalid', `Expected a command for the queues: ${issue?.message} at \`${issue?.path.join('.') ?? ''}\``);
}
