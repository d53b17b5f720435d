import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';
import { countInterruption, mayBeginAgain } from '../src/core/interruptions.ts';
import type { StepRole } from '../src/definition/step-kind.ts';

/** What a step's machine is created with; taken from the definition. */
export interface StepInput {
  readonly kind: StepRole;
  /** Attempts that may fail before the step fails, at least 1. */
  readonly maxAttempts: number;
  /** Crashes during a run after which the step fails, at least 1. */
  readonly maxInterruptions: number;
  /** Whether another step stands in when this one has failed. */
  readonly alternative: boolean;
  /** Whether a person is asked when nothing else helps. */
  readonly ask: boolean;
}

/**
 * How a step is being recovered, or was: another step stands in (`alternative`); a person is asked (`ask`), and said to
 * try again (`retry`), to go on without it (`skip`), or what its output is (`output`).
 */
export type StepRecovery = 'alternative' | 'ask' | 'retry' | 'skip' | 'output';

export interface StepContext extends StepInput {
  /** How often the handler was begun. Names one run: a pong for another run is ignored. */
  readonly run: number;
  /** The current attempt, 1-based; a run cut off by a crash begins the same attempt again. */
  readonly attempt: number;
  /** Runs cut off by a crash. */
  readonly interruptions: number;
  /** When a wait or a back-off ends, epoch ms. */
  readonly dueAt: number | null;
  readonly recovery: StepRecovery | null;
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
  | { type: 'attempt.failed'; run: number; failure: StepFailure; retryAt: number; askUntil?: number }
  | { type: 'attempt.interrupted'; run: number; failure: StepFailure; askUntil?: number }
  | { type: 'timer.fired'; failure?: StepFailure }
  | { type: 'signal.received' }
  | { type: 'child.settled'; failure?: StepFailure }
  | { type: 'alternative.settled'; failure?: StepFailure; askUntil?: number }
  | { type: 'recovery.retry' }
  | { type: 'recovery.skip'; failure: StepFailure }
  | { type: 'recovery.complete' }
  | { type: 'recovery.fail' };

/** When a person has to have answered, epoch ms; null: whenever they like. */
const toAskUntil = (event: StepEvent): number | null => ('askUntil' in event ? event.askUntil : undefined) ?? null;

const failed = { target: 'failed', actions: 'noteFailure' } as const;

/**
 * One step's life.
 *
 * Effects: `ping` (begin the handler), `abort` (tell it to stop), `wait` (listen for what the step waits for: time, a
 * signal, a flow, a machine, the step that stands in for it, a person's answer), `abandon` (stop waiting).
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
    beginAgain: assign(({ context }) => ({ run: context.run + 1, ...countInterruption(context) })),
    giveBack: assign(({ context }) => ({ attempt: context.attempt - 1 })),
    backOff: assign(({ event }) =>
      event.type === 'attempt.failed' ? { dueAt: event.retryAt, failure: event.failure } : {}),
    beginWait: assign(({ event }) => ({ run: 1, attempt: 1, dueAt: (event.type === 'step.start' ? event.dueAt : undefined) ?? null })),
    noteFailure: assign(({ event }) => ({ dueAt: null, failure: ('failure' in event ? event.failure : undefined) ?? null })),
    noteLastInterruption: assign(({ context, event }) => ({
      ...countInterruption(context),
      failure: event.type === 'attempt.interrupted' ? event.failure : null,
    })),
    clear: assign({ dueAt: null, failure: null }),
    switchOver: assign(({ event }) => ({ recovery: 'alternative' as const, ...('failure' in event && event.failure && { failure: event.failure }) })),
    askPerson: assign(({ context, event }) => ({
      recovery: 'ask' as const, dueAt: toAskUntil(event), failure: (event.type !== 'alternative.settled' && 'failure' in event ? event.failure : undefined) ?? context.failure,
    })),
    countInterruption: assign(({ context }) => countInterruption(context)),
    standIn: assign(({ context }) => ({ run: context.run + 1, dueAt: null, failure: null })),
    takeOutput: assign(({ context }) => ({ run: context.run + 1, dueAt: null, failure: null, recovery: 'output' as const })),
    tryAgain: assign({ dueAt: null, recovery: 'retry' as const }),
    leaveOut: assign(({ event }) => ({ dueAt: null, recovery: 'skip' as const, failure: 'failure' in event ? (event.failure ?? null) : null })),
    giveUp: assign({ dueAt: null }),
  },
  guards: {
    isTask: ({ context }) => context.kind === 'task',
    isSleep: ({ context }) => context.kind === 'sleep',
    isCurrent: ({ context, event }) => 'run' in event && event.run === context.run,
    canRetry: ({ context, event }) =>
      event.type === 'attempt.failed' && event.run === context.run && event.failure.retryable && context.attempt < context.maxAttempts,
    canBeginAgain: ({ context, event }) =>
      event.type === 'attempt.interrupted' && event.run === context.run && mayBeginAgain(countInterruption(context), context.maxInterruptions),
    canSwitch: ({ context, event }) => 'run' in event && event.run === context.run && context.alternative && context.recovery === null,
    canAsk: ({ context, event }) => 'run' in event && event.run === context.run && context.ask,
    isSwitched: ({ context }) => context.recovery === 'alternative',
    isAsking: ({ context }) => context.recovery === 'ask',
    alternativePassed: ({ context, event }) => context.recovery === 'alternative' && event.type === 'alternative.settled' && event.failure === undefined,
    canAskInstead: ({ context }) => context.recovery === 'alternative' && context.ask,
    childPassed: ({ event }) => event.type === 'child.settled' && event.failure === undefined,
  },
}).createMachine({
  id: 'step',
  context: ({ input }) => ({ ...input, run: 0, attempt: 0, interruptions: 0, dueAt: null, recovery: null, failure: null }),
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
          { guard: 'canSwitch', target: 'waiting', actions: 'switchOver' },
          { guard: 'canAsk', target: 'waiting', actions: 'askPerson' },
          { guard: 'isCurrent', ...failed },
        ],
        'attempt.interrupted': [
          { guard: 'canBeginAgain', target: 'running', reenter: true, actions: 'beginAgain' },
          { guard: 'canSwitch', target: 'waiting', actions: ['countInterruption', 'switchOver'] },
          { guard: 'canAsk', target: 'waiting', actions: ['countInterruption', 'askPerson'] },
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
          { guard: 'isAsking', target: 'failed', actions: 'giveUp' },
          { target: 'failed', actions: ['abandon', 'noteFailure'] },
        ],
        'signal.received': { target: 'completed', actions: 'clear' },
        'child.settled': [{ guard: 'childPassed', target: 'completed', actions: 'clear' }, failed],
        'alternative.settled': [
          { guard: 'alternativePassed', target: 'completed', actions: 'standIn' },
          { guard: 'canAskInstead', target: 'waiting', reenter: true, actions: 'askPerson' },
          { guard: 'isSwitched', target: 'failed' },
        ],
        'recovery.retry': { guard: 'isAsking', target: 'pending', actions: 'tryAgain' },
        'recovery.skip': { guard: 'isAsking', target: 'skipped', actions: 'leaveOut' },
        'recovery.complete': { guard: 'isAsking', target: 'completed', actions: 'takeOutput' },
        'recovery.fail': [
          { guard: 'isAsking', target: 'failed', actions: 'giveUp' },
          { guard: 'isSwitched', target: 'failed' },
        ],
        'step.cancel': { target: 'cancelled', actions: ['abandon', 'noteFailure'] },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    skipped: { type: 'final' },
    cancelled: { type: 'final' },
  },
});
