import type { MessageContext, MessageEvent, MessageInput } from '../../../machines/message.ts';
import type { MachineRunner } from '../../core/machine-runner.ts';
import type { ReadMessages } from './message-requests.ts';

export type MessageRunner = MachineRunner<MessageContext, MessageEvent, MessageInput>;

/** The rules of a queue. */
export interface QueueRules {
  readonly ageingMs: number | null;
  readonly maxDepth: number;
  /** Wait after a claim ran out, ms. */
  readonly backOff: (attempt: number) => number;
}

export interface QueueStatesOptions {
  readonly machine: MessageRunner;
  /** Process time, ms. */
  readonly passed: () => number;
  readonly rulesOf: (queue: string) => QueueRules;
  readonly read: ReadMessages;
  /** Messages of a priority that stay in memory. */
  readonly window: number;
  /** Messages that stay as they are stored: not even their end can be. */
  readonly forgotten: Set<number>;
}
