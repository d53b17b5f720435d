import { assign, setup } from 'xstate';
import type { StepFailure } from '../src/core/failure.ts';

export interface FanOutInput {
  /** Whether one failed item keeps further items from starting. */
  readonly failFast: boolean;
  /** Whether the step completes although items failed. Default false. */
  readonly tolerant?: boolean;
}

export interface FanOutContext extends FanOutInput {
  /** Items, known once the list has been evaluated. */
  readonly total: number;
  readonly settled: number;
  readonly completed: number;
  readonly failure: StepFailure | null;
}

export type FanOutEvent =
  /** `kept`: items that an earlier generation completed; fewer than `total`. */
  | { type: 'step.start'; total: number; kept?: number }
  | { type: 'step.skip'; failure: StepFailure }
  | { type: 'step.fail'; failure: StepFailure }
  | { type: 'step.cancel'; failure: StepFailure }
  | { type: 'item.settled'; failure?: StepFailure };

const isItemFailure = (event: FanOutEvent): boolean => event.type === 'item.settled' && event.failure !== undefined;

/**
 * A step with `for_each`: its items are steps of their own, it counts them. One that failed fails it, unless it is tolerant.
 *
 * Effects: `haltItems` (skip the items that have not started), `cancelItems` (cancel all).
 */
export const fanOutMachine = setup({
  types: {
    context: {} as FanOutContext,
    events: {} as FanOutEvent,
    input: {} as FanOutInput,
  },
  actions: {
    haltItems: () => {},
    cancelItems: () => {},
    noteTotal: assign(({ event }) => (event.type === 'step.start' ? { total: event.total, settled: event.kept ?? 0, completed: event.kept ?? 0 } : {})),
    countItem: assign(({ context, event }) => ({
      settled: context.settled + 1,
      completed: context.completed + (isItemFailure(event) ? 0 : 1),
      failure: context.failure ?? (event.type === 'item.settled' && !context.tolerant ? (event.failure ?? null) : null),
    })),
    noteFailure: assign(({ event }) => ('failure' in event ? { failure: event.failure ?? null } : {})),
  },
  guards: {
    isEmpty: ({ event }) => event.type === 'step.start' && event.total === 0,
    isLast: ({ context }) => context.settled + 1 === context.total,
    isLastAndGood: ({ context, event }) =>
      context.settled + 1 === context.total && (context.tolerant === true || (context.completed === context.settled && !isItemFailure(event))),
    mustHalt: ({ context, event }) => context.failFast && context.failure === null && isItemFailure(event),
  },
}).createMachine({
  id: 'fanOut',
  context: ({ input }) => ({ ...input, total: 0, settled: 0, completed: 0, failure: null }),
  initial: 'pending',
  states: {
    pending: {
      on: {
        'step.start': [
          { guard: 'isEmpty', target: 'completed' },
          { target: 'running', actions: 'noteTotal' },
        ],
        'step.skip': { target: 'skipped', actions: 'noteFailure' },
        'step.fail': { target: 'failed', actions: 'noteFailure' },
        'step.cancel': { target: 'cancelled', actions: 'noteFailure' },
      },
    },
    running: {
      on: {
        'item.settled': [
          { guard: 'isLastAndGood', target: 'completed', actions: 'countItem' },
          { guard: 'isLast', target: 'failed', actions: 'countItem' },
          { guard: 'mustHalt', actions: ['countItem', 'haltItems'] },
          { actions: 'countItem' },
        ],
        'step.cancel': { target: 'cancelled', actions: ['noteFailure', 'cancelItems'] },
      },
    },
    completed: { type: 'final' },
    failed: { type: 'final' },
    skipped: { type: 'final' },
    cancelled: { type: 'final' },
  },
});
