import { assign, setup } from 'xstate';
import { computeBackoff } from '../src/core/backoff.ts';

export interface RuntimeProcessInput {
  /** Wait before a process that has ended is begun again, ms. */
  readonly leastWaitMs: number;
  /** Longest wait, ms: it doubles with each process that ends before it has stood for `steadyMs`. */
  readonly mostWaitMs: number;
  /** How long a process has to stand, once it is ready, before its end is counted as the first again, ms. */
  readonly steadyMs: number;
  /** From so many ends in a row on, each is reported. */
  readonly reportAfter: number;
}

export interface RuntimeProcessContext extends RuntimeProcessInput {
  /** Processes in a row that ended before they had stood for `steadyMs`. */
  readonly failures: number;
  /** Processes that were begun. */
  readonly starts: number;
  /** How long the present wait is, ms; null: it does not wait. */
  readonly waitMs: number | null;
}

export type RuntimeProcessEvent =
  | { type: 'process.start' }
  /** It owns the database, and takes clients. */
  | { type: 'process.ready' }
  /** `isTold`: it has said itself why it could not begin. */
  | { type: 'process.exited'; isTold: boolean }
  | { type: 'process.stop' }
  | { type: 'timer.fired' };

function computeWait({ leastWaitMs, mostWaitMs, failures }: RuntimeProcessContext): number {
  const policy = { maxAttempts: Infinity, initialIntervalMs: leastWaitMs, backoffCoefficient: 2, maxIntervalMs: mostWaitMs, jitter: 'none', nonRetryable: [] } as const;
  return computeBackoff(policy, failures, 0);
}

/**
 * The process that keeps an app's runtime, through all its lives.
 *
 * One that is ready and ends soon after has come to as little as one that never was: both count.
 *
 * Effects: `fork` (begin it), `observe` (for `steadyMs`), `unobserve`, `report` (that it does not stand), `wait` (for `waitMs`), `unwait`,
 * `askToStop` (and set a limit to that), `unlimit`, `kill`.
 */
export const runtimeProcessMachine = setup({
  types: {
    context: {} as RuntimeProcessContext,
    events: {} as RuntimeProcessEvent,
    input: {} as RuntimeProcessInput,
  },
  guards: {
    isToReport: ({ context, event }) => event.type === 'process.exited' && !event.isTold && context.failures + 1 >= context.reportAfter,
  },
  actions: {
    fork: () => {},
    observe: () => {},
    unobserve: () => {},
    report: () => {},
    wait: () => {},
    unwait: () => {},
    askToStop: () => {},
    unlimit: () => {},
    kill: () => {},
    noteStart: assign(({ context }) => ({ starts: context.starts + 1 })),
    noteSteady: assign({ failures: 0 }),
    noteExit: assign(({ context }) => {
      const failures = context.failures + 1;
      return { failures, waitMs: computeWait({ ...context, failures }) };
    }),
    endWait: assign({ waitMs: null }),
  },
}).createMachine({
  id: 'runtimeProcess',
  context: ({ input }) => ({ ...input, failures: 0, starts: 0, waitMs: null }),
  initial: 'stopped',
  states: {
    stopped: {
      on: { 'process.start': { target: 'starting' } },
    },
    starting: {
      entry: ['noteStart', 'fork'],
      on: {
        'process.ready': { target: 'running' },
        'process.exited': [
          { guard: 'isToReport', target: 'waiting', actions: ['noteExit', 'report'] },
          { target: 'waiting', actions: 'noteExit' },
        ],
        'process.stop': { target: 'stopping' },
      },
    },
    running: {
      entry: 'observe',
      exit: 'unobserve',
      on: {
        'timer.fired': { actions: 'noteSteady' },
        'process.exited': [
          { guard: 'isToReport', target: 'waiting', actions: ['noteExit', 'report'] },
          { target: 'waiting', actions: 'noteExit' },
        ],
        'process.stop': { target: 'stopping' },
      },
    },
    waiting: {
      entry: 'wait',
      exit: ['unwait', 'endWait'],
      on: {
        'timer.fired': { target: 'starting' },
        'process.stop': { target: 'stopped' },
      },
    },
    stopping: {
      entry: 'askToStop',
      exit: 'unlimit',
      on: {
        'process.exited': { target: 'stopped' },
        'timer.fired': { actions: 'kill' },
      },
    },
  },
});
