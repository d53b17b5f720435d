import type { Queue } from '../queues/define-queue.ts';
import type { PublishOptions } from '../queues/queue-api.ts';
import type { PublishRequest, StepWait } from '../queues/queue-commands.ts';
import type { ToParticipant } from '../../engine/participant.ts';

/** How a step's handler publishes: checked at once, applied with the step's success. */
export interface StepPublishing {
  /** @throws a `FlowError` when it can never be published */
  readonly toRequest: <Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions | undefined, source: string) => PublishRequest;
  readonly toWaits: (waits: readonly StepWait[]) => ToParticipant;
  readonly toMessage: (requests: readonly PublishRequest[]) => ToParticipant;
}
