import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';
import { countInterruption, mayBeginAgain } from '../src/core/interruptions.ts';

/** What a message's machine is created with; taken from its queue and from how it was published. */
export interface MessageInput {
  /** Attempts that may fail before the message is dead, at least 1. */
  readonly maxAttempts: number;
  /** Workers that may die with it before it is dead, at least 1. */
  readonly maxInterruptions: number;
  /** When it may be handled at the earliest, epoch ms; null: at once. */
  readonly dueAt: number | null;
}

export interface MessageContext extends MessageInput {
  /** How often it was claimed. Names one claim: an answer for another claim is refused. */
  readonly claim: number;
  /** The current attempt, 1-based; 0: none yet. A claim that was cut off or given back is followed by the same attempt. */
  readonly attempt: number;
  /** Claims cut off because the worker died. */
  readonly interruptions: number;
  /** 1-based; each redrive begins the next one. */
  readonly generation: number;
  /** When the present claim runs out, epoch ms. */
  readonly leaseUntil: number | null;
  /** Why the last attempt failed, or why it is dead. */
  readonly failure: StepFailure | null;
}

export type MessageEvent =
  | { type: 'message.claim'; leaseUntil: number }
  | { type: 'message.ack'; claim: number }
  | { type: 'message.fail'; claim: number; failure: StepFailure; retryAt: number }
  | { type: 'message.snooze'; claim: number; dueAt: number }
  | { type: 'message.bury'; claim: number; failure: StepFailure }
  | { type: 'message.refuse'; failure: StepFailure }
  | { type: 'message.redrive' }
  | { type: 'lease.extend'; claim: number; leaseUntil: number }
  | { type: 'lease.expired'; claim: number; failure: StepFailure; retryAt: number }
  | { type: 'claim.lost'; claim: number; failure: StepFailure }
  | { type: 'claim.released'; claim: number };

/**
 * One message's life. It has no effects: what follows from a state (who may claim it, what is due) is the queue's to see.
 *
 * `dead` is where a message ends that could not be handled; only a redrive, an explicit act, leads out of it.
 */
export const messageMachine = setup({
  types: {
    context: {} as MessageContext,
    events: {} as MessageEvent,
    input: {} as MessageInput,
  },
  actions: {
    beginClaim: assign(({ context, event }) => ({
      claim: context.claim + 1,
      attempt: context.attempt + 1,
      dueAt: null,
      leaseUntil: event.type === 'message.claim' ? event.leaseUntil : null,
    })),
    extendLease: assign(({ event }) => (event.type === 'lease.extend' ? { leaseUntil: event.leaseUntil } : {})),
    giveBack: assign(({ context }) => ({ attempt: context.attempt - 1, leaseUntil: null })),
    interrupt: assign(({ context }) => ({ attempt: context.attempt - 1, ...countInterruption(context), leaseUntil: null })),
    noteLastInterruption: assign(({ context }) => countInterruption(context)),
    backOff: assign(({ event }) => ('retryAt' in event ? { dueAt: event.retryAt, leaseUntil: null, failure: event.failure } : {})),
    sleep: assign(({ event }) => (event.type === 'message.snooze' ? { dueAt: event.dueAt } : {})),
    noteFailure: assign(({ event }) => ('failure' in event ? { dueAt: null, leaseUntil: null, failure: event.failure } : {})),
    clear: assign({ dueAt: null, leaseUntil: null, failure: null }),
    beginGeneration: assign(({ context }) => ({ generation: context.generation + 1, attempt: 0, interruptions: 0, failure: null })),
  },
  guards: {
    isCurrent: ({ context, event }) => 'claim' in event && event.claim === context.claim,
    canRetry: ({ context, event }) =>
      'retryAt' in event && event.claim === context.claim && event.failure.retryable && context.attempt < context.maxAttempts,
    canBeginAgain: ({ context, event }) =>
      event.type === 'claim.lost' && event.claim === context.claim && mayBeginAgain(countInterruption(context), context.maxInterruptions),
  },
}).createMachine({
  id: 'message',
  context: ({ input }) => ({ ...input, claim: 0, attempt: 0, interruptions: 0, generation: 1, leaseUntil: null, failure: null }),
  initial: 'pending',
  states: {
    pending: {
      on: {
        'message.claim': { target: 'processing', actions: 'beginClaim' },
        'message.refuse': { target: 'dead', actions: 'noteFailure' },
      },
    },
    processing: {
      on: {
        'message.ack': { guard: 'isCurrent', target: 'completed', actions: 'clear' },
        'message.fail': [
          { guard: 'canRetry', target: 'retrying', actions: 'backOff' },
          { guard: 'isCurrent', target: 'dead', actions: 'noteFailure' },
        ],
        'message.snooze': { guard: 'isCurrent', target: 'pending', actions: ['giveBack', 'sleep'] },
        'message.bury': { guard: 'isCurrent', target: 'dead', actions: 'noteFailure' },
        'lease.extend': { guard: 'isCurrent', actions: 'extendLease' },
        'lease.expired': [
          { guard: 'canRetry', target: 'retrying', actions: 'backOff' },
          { guard: 'isCurrent', target: 'dead', actions: 'noteFailure' },
        ],
        'claim.lost': [
          { guard: 'canBeginAgain', target: 'pending', actions: 'interrupt' },
          { guard: 'isCurrent', target: 'dead', actions: ['noteLastInterruption', 'noteFailure'] },
        ],
        'claim.released': { guard: 'isCurrent', target: 'pending', actions: 'giveBack' },
      },
    },
    retrying: {
      on: {
        'message.claim': { target: 'processing', actions: 'beginClaim' },
        'message.refuse': { target: 'dead', actions: 'noteFailure' },
      },
    },
    dead: {
      on: {
        'message.redrive': { target: 'pending', actions: 'beginGeneration' },
      },
    },
    completed: { type: 'final' },
  },
});
