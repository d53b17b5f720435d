import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';
import type { StepKind } from '../src/definition/plan.ts';

/** What a step's machine is created with; taken from the definition. */
export interface StepInput {
  readonly kind: StepKind;
  /** Attempts that may fail before the step fails, at least 1. */
  readonly maxAttempts: number;
  /** Crashes during a run after which the step fails, at least 1. */
  readonly maxInterruptions: number;
}

export interface StepContext extends StepInput {
  /** How often the handler was begun. Names one run: a pong for another run is ignored. */
  readonly run: number;
  /** The current attempt, 1-based; a run cut off by a crash begins the same attempt again. */
  readonly attempt: number;
  /** Runs cut off by a crash. */
  readonly interruptions: number;
  /** When a wait or a back-off ends, epoch ms. */
  readonly dueAt: number | null;
  /** Why the last attempt failed, or why the step was skipped or cancelled. */
  readonly failure: StepFailure | null;
}

export type StepEvent =
  | { type: 'step.start'; dueAt?: number }
  | { type: 'step.skip'; failure: StepFailure }
  | { type: 'step.fail'; failure: StepFailure }
  | { type: 'step.cancel'; failure: StepFailure }
  | { type: 'step.release' }
  | { type: 'attempt.completed'; run: number }
  | { type: 'attempt.failed'; run: number; failure: StepFailure; retryAt: number }
  | { type: 'attempt.interrupted'; run: number; failure: StepFailure }
  | { type: 'timer.fired'; failure?: StepFailure }
  | { type: 'signal.received' }
  | { type: 'child.settled'; failure?: StepFailure };

const failed = { target: 'failed', actions: 'noteFailure' } as const;

/**
 * One step's life.
 *
 * Effects: `ping` (begin the handler), `abort` (tell it to stop), `wait` (listen for what the step waits for),
 * `abandon` (stop waiting).
 */
export const stepMachine = setup({
  types: {
    context: {} as StepContext,
    events: {} as StepEvent,
    input: {} as StepInput,
  },
  actions: {
    ping: () => {},
    abort: () => {},
    wait: () => {},
    abandon: () => {},
    beginAttempt: assign(({ context }) => ({ run: context.run + 1, attempt: context.attempt + 1, dueAt: null })),
    beginAgain: assign(({ context }) => ({ run: context.run + 1, interruptions: context.interruptions + 1 })),
    giveBack: assign(({ context }) => ({ attempt: context.attempt - 1 })),
    backOff: assign(({ event }) =>
      event.type === 'attempt.failed' ? { dueAt: event.retryAt, failure: event.failure } : {}),
    beginWait: assign(({ event }) => ({ run: 1, attempt: 1, dueAt: (event.type === 'step.start' ? event.dueAt : undefined) ?? null })),
    noteFailure: assign(({ event }) => ({ dueAt: null, failure: ('failure' in event ? event.failure : undefined) ?? null })),
    noteLastInterruption: assign(({ context, event }) => ({
      interruptions: context.interruptions + 1,
      failure: event.type === 'attempt.interrupted' ? event.failure : null,
    })),
    clear: assign({ dueAt: null, failure: null }),
  },
  guards: {
    isTask: ({ context }) => context.kind === 'task',
    isSleep: ({ context }) => context.kind === 'sleep',
    isCurrent: ({ context, event }) => 'run' in event && event.run === context.run,
    canRetry: ({ context, event }) =>
      event.type === 'attempt.failed' && event.run === context.run && event.failure.retryable && context.attempt < context.maxAttempts,
    canBeginAgain: ({ context, event }) =>
      event.type === 'attempt.interrupted' && event.run === context.run && context.interruptions + 1 < context.maxInterruptions,
    childPassed: ({ event }) => event.type === 'child.settled' && event.failure === undefined,
  },
}).createMachine({
  id: 'step',
  context: ({ input }) => ({ ...input, run: 0, attempt: 0, interruptions: 0, dueAt: null, failure: null }),
  initial: 'pending',
  states: {
    pending: {
      on: {
        'step.start': [
          { guard: 'isTask', target: 'running', actions: 'beginAttempt' },
          { target: 'waiting', actions: 'beginWait' },
        ],
        'step.skip': { target: 'skipped', actions: 'noteFailure' },
        'step.fail': failed,
        'step.cancel': { target: 'cancelled', actions: 'noteFailure' },
      },
    },
    running: {
      entry: 'ping',
      on: {
        'attempt.completed': { guard: 'isCurrent', target: 'completed', actions: 'clear' },
        'attempt.failed': [
          { guard: 'canRetry', target: 'retrying', actions: 'backOff' },
          { guard: 'isCurrent', ...failed },
        ],
        'attempt.interrupted': [
          { guard: 'canBeginAgain', target: 'running', reenter: true, actions: 'beginAgain' },
          { guard: 'isCurrent', target: 'failed', actions: 'noteLastInterruption' },
        ],
        'step.release': { target: 'pending', actions: ['abort', 'giveBack'] },
        'step.cancel': { target: 'cancelled', actions: ['abort', 'noteFailure'] },
      },
    },
    retrying: {
      on: {
        'timer.fired': { target: 'running', actions: 'beginAttempt' },
        'step.cancel': { target: 'cancelled', actions: 'noteFailure' },
      },
    },
    waiting: {
      entry: 'wait',
      on: {
        'timer.fired': [
          { guard: 'isSleep', target: 'completed', actions: 'clear' },
          { target: 'failed', actions: ['abandon', 'noteFailure'] },
        ],
        'signal.received': { target: 'completed', actions: 'clear' },
        'child.settled': [{ guard: 'childPassed', target: 'completed', actions: 'clear' }, failed],
        'step.cancel': { target: 'cancelled', actions: ['abandon', 'noteFailure'] },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    skipped: { type: 'final' },
    cancelled: { type: 'final' },
  },
});
