import type { Envelope } from '../../engine/kind.ts';
import type { Message } from '../../kernel/messages.ts';

/** How other kinds tell a flow something. */
export interface FlowInbox {
  readonly toCommand: (executionId: string, message: Message) => Envelope;
}
