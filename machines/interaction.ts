import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';

export interface InteractionContext {
  /** Why it failed or was cancelled. */
  readonly failure: StepFailure | null;
}

export type InteractionEvent =
  | { type: 'interaction.completed' }
  | { type: 'interaction.failed'; failure: StepFailure }
  /** The process that waited for the answer has died, or its handler has ended without waiting. */
  | { type: 'interaction.interrupted'; failure: StepFailure }
  | { type: 'interaction.cancel'; failure: StepFailure };

const failed = { target: 'failed', actions: 'noteFailure' } as const;

/** One call of a language model. Has no effects: the handler calls, and tells how it ended. */
export const interactionMachine = setup({
  types: {
    context: {} as InteractionContext,
    events: {} as InteractionEvent,
  },
  actions: {
    noteFailure: assign(({ event }) => ('failure' in event ? { failure: event.failure } : {})),
  },
}).createMachine({
  id: 'interaction',
  context: { failure: null },
  initial: 'pending',
  states: {
    pending: {
      on: {
        'interaction.completed': { target: 'completed' },
        'interaction.failed': failed,
        'interaction.interrupted': failed,
        'interaction.cancel': { target: 'cancelled', actions: 'noteFailure' },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    cancelled: { type: 'final' },
  },
});
