import type { StepFailure } from '../../core/failure.ts';
import type { Envelope, OwnWrite } from '../../engine/kind.ts';
import type { Interaction, InteractionAnswer, InteractionRequest } from './interactions/interaction.ts';
import type { Generated, GenerateRequest } from './interactions/model-client.ts';
import type { ToolCall } from './tool.ts';

/** The one answer to a ping. `output` is JSON text. */
export type Pong =
  | { readonly type: 'completed'; readonly output: string; readonly writes: readonly OwnWrite[] | undefined; readonly posts?: readonly Envelope[] | undefined }
  | { readonly type: 'failed'; readonly failure: StepFailure; readonly retryAfterMs?: number | undefined };

/** What a handler makes beside its output, from the first call to the end of its run. */
export interface Session extends Pick<ToolCall, 'artifact' | 'artifacts' | 'readArtifact'> {
  interaction(request: InteractionRequest): Promise<Interaction>;
  interact<Answer extends InteractionAnswer>(request: InteractionRequest, call: () => Promise<Answer>): Promise<Answer>;
  generate(request: GenerateRequest, signal: AbortSignal): Promise<Generated>;
  abort(reason: StepFailure): void;
  /** Turns what the handler came to into what is stored. */
  close(pong: Pong): Promise<Pong>;
}
