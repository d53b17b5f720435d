import { assign, setup } from 'xstate';

export interface OrchestratorInput {
  /** Flows that may be in memory at the same time, at least 1. */
  readonly maxActiveFlows: number;
}

export interface OrchestratorContext extends OrchestratorInput {
  /** Flows in memory. */
  readonly active: number;
  /** Whether flows that could run wait in the store. */
  readonly backlog: boolean;
}

export type OrchestratorEvent =
  | { type: 'flow.requested' }
  /** It is in memory whatever the limit says: a message reached it, or another flow waits for it. */
  | { type: 'flow.woken' }
  | { type: 'flow.released' }
  | { type: 'backlog.noted' }
  | { type: 'backlog.drained' }
  | { type: 'orchestrator.drain' };

/**
 * Admits flows, one per runtime. Its counters follow from the store's rows: recovery asks for each unfinished flow again.
 *
 * Effects: `admit` (bring the requested flow to life), `defer` (leave it in the store), `admitNext` (ask the store for
 * the next ones, by priority, then age).
 */
export const orchestratorMachine = setup({
  types: {
    context: {} as OrchestratorContext,
    events: {} as OrchestratorEvent,
    input: {} as OrchestratorInput,
  },
  actions: {
    admit: () => {},
    defer: () => {},
    admitNext: () => {},
    countUp: assign(({ context }) => ({ active: context.active + 1 })),
    countDown: assign(({ context }) => ({ active: context.active - 1 })),
    noteBacklog: assign({ backlog: true }),
    forgetBacklog: assign({ backlog: false }),
  },
  guards: {
    takesLastSlot: ({ context }) => context.active + 1 >= context.maxActiveFlows,
    staysFull: ({ context }) => context.active - 1 >= context.maxActiveFlows,
    hasBacklog: ({ context }) => context.backlog,
  },
}).createMachine({
  id: 'orchestrator',
  context: ({ input }) => ({ ...input, active: 0, backlog: false }),
  initial: 'open',
  on: {
    'orchestrator.drain': '.draining',
    'backlog.drained': { actions: 'forgetBacklog' },
  },
  states: {
    open: {
      on: {
        'flow.requested': [
          { guard: 'takesLastSlot', target: 'full', actions: ['countUp', 'admit'] },
          { actions: ['countUp', 'admit'] },
        ],
        'flow.woken': [
          { guard: 'takesLastSlot', target: 'full', actions: 'countUp' },
          { actions: 'countUp' },
        ],
        'flow.released': [
          { guard: 'hasBacklog', actions: ['countDown', 'admitNext'] },
          { actions: 'countDown' },
        ],
        'backlog.noted': { actions: ['noteBacklog', 'admitNext'] },
      },
    },
    full: {
      on: {
        'flow.requested': { actions: ['noteBacklog', 'defer'] },
        'flow.woken': { actions: 'countUp' },
        'flow.released': [
          { guard: 'staysFull', actions: 'countDown' },
          { guard: 'hasBacklog', target: 'open', actions: ['countDown', 'admitNext'] },
          { target: 'open', actions: 'countDown' },
        ],
        'backlog.noted': { actions: 'noteBacklog' },
      },
    },
    draining: {
      on: {
        'flow.requested': { actions: 'defer' },
        'flow.woken': { actions: 'countUp' },
        'flow.released': { actions: 'countDown' },
      },
    },
  },
});
