import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';
import type { FlowMode } from '../src/definition/plan.ts';

export interface FlowInput {
  /** Steps of the flow, at least 1. */
  readonly total: number;
  /** Handlers that may run at the same time, at least 1. */
  readonly concurrency: number;
  readonly mode: FlowMode;
  /** Steps that run whatever has become of the others (`run: always`). Default 0. */
  readonly always?: number;
}

/** Counters only: what is per step lives with the step, so a transition costs the same in a flow of any length. */
export interface FlowContext extends FlowInput {
  /** Steps (and items) whose dependencies are met and that have no slot yet. */
  readonly ready: number;
  /** Slots given out, ever. The host starts as many steps as this grew by. */
  readonly granted: number;
  /** Slots given back, ever. `granted - released` are in use. */
  readonly released: number;
  readonly settled: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly halted: boolean;
  readonly score: number | null;
  /** The verdict; null until there is one. */
  readonly passed: boolean | null;
  readonly failure: StepFailure | null;
  /** Why it ends as soon as its always-steps have settled; undefined: nobody has ended it. */
  readonly ending?: StepFailure;
}

/** What a generation keeps of the one before: the steps that it does not run again. */
export interface KeptCounts {
  readonly settled: number;
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What is usual is left out, since every event is kept in the journal. */
export interface StepSettled {
  type: 'step.settled';
  status: 'completed' | 'failed' | 'skipped' | 'cancelled';
  /** Default true. */
  critical?: boolean;
  /** Steps that became ready because this one settled. Default 0. */
  ready?: number;
  /** Slots it gave back, 0 or 1. Default 0. */
  freed?: number;
}

export type FlowEvent =
  | { type: 'flow.start'; ready: number; kept?: KeptCounts }
  /** `cleanUp`: `skip`: its always-steps do not run; `keep`: those that run now go on. Otherwise a second cancel ends them, too. */
  | { type: 'flow.cancel'; failure: StepFailure; cleanUp?: 'skip' | 'keep' }
  | { type: 'flow.expire'; failure: StepFailure }
  | StepSettled
  | { type: 'slot.freed'; ready?: number; freed?: number }
  | { type: 'consolidation.completed'; score: number; passed: boolean }
  | { type: 'consolidation.failed'; failure: StepFailure };

/** Handlers that run now. */
const inUse = (context: FlowContext): number => context.granted - context.released;

/** Of a flow that has halted nothing is ready but always-steps, and what is tried again. */
const canGrant = (context: FlowContext, ready: number, freed: number): number =>
  Math.min(context.ready + ready, context.concurrency - inUse(context) + freed);

const change = (event: FlowEvent): { ready: number; freed: number } => ({
  ready: ('ready' in event ? event.ready : undefined) ?? 0,
  freed: ('freed' in event ? event.freed : undefined) ?? 0,
});

const stopped = { target: 'failed', actions: ['noteFailure', 'cancelSteps'] } as const;
/** Everything ends but the always-steps: it has failed when they have settled. */
/** Whoever has not heard that it is ending tells it again. */
const known = { guard: 'isEnding' } as const;
const cleaningUp = { guard: 'cleansUp', actions: ['noteEnding', 'halt', 'cancelOthers'] } as const;

/**
 * One execution of a flow.
 *
 * Effects: `startSteps` (start as many ready steps as `granted` grew by), `haltSteps` (skip what has not started,
 * cancel what runs), `cancelSteps` (cancel all), `cancelOthers` (cancel all but the always-steps), `consolidate` (gather the
 * results, answer with a score and a verdict).
 */
export const flowMachine = setup({
  types: {
    context: {} as FlowContext,
    events: {} as FlowEvent,
    input: {} as FlowInput,
  },
  actions: {
    startSteps: () => {},
    haltSteps: () => {},
    cancelSteps: () => {},
    cancelOthers: () => {},
    consolidate: () => {},
    tally: assign(({ context, event }) => {
      if (event.type !== 'step.settled') return {};
      const { status, ready = 0, freed = 0 } = event;
      return {
        ready: context.ready + ready,
        released: context.released + freed,
        settled: context.settled + 1,
        [status]: context[status] + 1,
      };
    }),
    noteKept: assign(({ event }) => (event.type === 'flow.start' ? (event.kept ?? {}) : {})),
    grant: assign(({ context }) => {
      const count = canGrant(context, 0, 0);
      return { granted: context.granted + count, ready: context.ready - count };
    }),
    noteReady: assign(({ context, event }) => {
      const { ready, freed } = change(event);
      return { ready: context.ready + ready, released: context.released + freed };
    }),
    halt: assign({ halted: true, ready: 0 }),
    noteScore: assign(({ event }) => (event.type === 'consolidation.completed' ? { score: event.score, passed: event.passed } : {})),
    noteEnding: assign(({ event }) => ('failure' in event ? { ending: event.failure } : {})),
    noteEnd: assign(({ context }) => ({ failure: context.ending ?? null, score: 0, passed: false })),
    noteNoScore: assign({ score: 0, passed: false }),
    noteFailure: assign(({ event }) => ('failure' in event ? { failure: event.failure, score: 0, passed: false } : {})),
  },
  guards: {
    keepsAll: ({ context, event }) => event.type === 'flow.start' && event.kept?.settled === context.total,
    isLast: ({ context }) => context.settled + 1 === context.total,
    isLastOfEnded: ({ context }) => context.ending !== undefined && context.settled + 1 === context.total,
    cleansUp: ({ context, event }) => context.always !== undefined && context.ending === undefined && !('cleanUp' in event && event.cleanUp === 'skip'),
    isEnding: ({ context, event }) => context.ending !== undefined && (event.type === 'flow.expire' || ('cleanUp' in event && event.cleanUp === 'keep')),
    mustHalt: ({ context, event }) =>
      event.type === 'step.settled' && event.status === 'failed' && event.critical !== false && context.mode === 'strict' && !context.halted,
    canStart: ({ context, event }) => canGrant(context, change(event).ready, change(event).freed) > 0,
  },
}).createMachine({
  id: 'flow',
  context: ({ input }) => ({
    ...input,
    ready: 0, granted: 0, released: 0,
    settled: 0, completed: 0, failed: 0, skipped: 0, cancelled: 0,
    halted: false, score: null, passed: null, failure: null,
  }),
  initial: 'pending',
  states: {
    pending: {
      on: {
        'flow.start': [
          { guard: 'keepsAll', target: 'consolidating', actions: 'noteKept' },
          { target: 'stepping', actions: ['noteKept', 'noteReady', 'grant', 'startSteps'] },
        ],
        'flow.cancel': { target: 'failed', actions: 'noteFailure' },
      },
    },
    stepping: {
      on: {
        'step.settled': [
          { guard: 'isLastOfEnded', target: 'failed', actions: ['tally', 'noteEnd'] },
          { guard: 'isLast', target: 'consolidating', actions: 'tally' },
          { guard: 'mustHalt', actions: ['tally', 'halt', 'haltSteps'] },
          { guard: 'canStart', actions: ['tally', 'grant', 'startSteps'] },
          { actions: 'tally' },
        ],
        'slot.freed': [
          { guard: 'canStart', actions: ['noteReady', 'grant', 'startSteps'] },
          { actions: 'noteReady' },
        ],
        'flow.cancel': [cleaningUp, known, stopped],
        'flow.expire': [cleaningUp, known, stopped],
      },
    },
    consolidating: {
      entry: 'consolidate',
      on: {
        'consolidation.completed': { target: 'scored', actions: 'noteScore' },
        // What the steps came to is there all the same, and stays.
        'consolidation.failed': { target: 'scored', actions: 'noteNoScore' },
      },
    },
    scored: { type: 'final' },
    failed: { type: 'final' },
  },
});
