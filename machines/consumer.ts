import { assign, setup } from 'xstate';

export interface ConsumerInput {
  /** Handlers that outlived their claim before the consumer is restarted, at least 1. */
  readonly maxLost: number;
}

export interface ConsumerContext extends ConsumerInput {
  /** Failures since a message was handled last; the back-off grows with them. */
  readonly failures: number;
  /** Handlers of the present life that outlived their claim and may run on. */
  readonly lost: number;
  /** Lives so far, 1-based; 0: not begun. */
  readonly life: number;
  /** When a back-off ends, epoch ms. */
  readonly dueAt: number | null;
}

export type ConsumerEvent =
  | { type: 'consumer.start' }
  /** What it needs could not be had: its `setup` threw. */
  | { type: 'consumer.failed'; retryAt: number }
  | { type: 'consumer.stop' }
  | { type: 'message.handled' }
  /** A handler outlived its claim: it hangs, or is slower than the visibility timeout allows. */
  | { type: 'handler.lost'; retryAt: number }
  | { type: 'timer.fired' };

/**
 * One consumer of a queue: claims and handles, and after a failure begins anew, later each time.
 *
 * Effects: `open` (set up, then claim), `close` (claim nothing more, tell the handlers to stop), `wait` (until `dueAt`).
 */
export const consumerMachine = setup({
  types: {
    context: {} as ConsumerContext,
    events: {} as ConsumerEvent,
    input: {} as ConsumerInput,
  },
  actions: {
    open: () => {},
    close: () => {},
    wait: () => {},
    begin: assign(({ context }) => ({ life: context.life + 1, lost: 0, dueAt: null })),
    forget: assign({ failures: 0 }),
    countLost: assign(({ context }) => ({ lost: context.lost + 1 })),
    backOff: assign(({ context, event }) => ({ failures: context.failures + 1, dueAt: 'retryAt' in event ? event.retryAt : null })),
    clear: assign({ dueAt: null }),
  },
  guards: {
    losesLast: ({ context }) => context.lost + 1 >= context.maxLost,
  },
}).createMachine({
  id: 'consumer',
  context: ({ input }) => ({ ...input, failures: 0, lost: 0, life: 0, dueAt: null }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'consumer.start': { target: 'running', actions: 'begin' },
        'consumer.stop': { target: 'stopped' },
      },
    },
    running: {
      entry: 'open',
      exit: 'close',
      on: {
        'message.handled': { actions: 'forget' },
        'handler.lost': [
          { guard: 'losesLast', target: 'backingOff', actions: ['countLost', 'backOff'] },
          { actions: 'countLost' },
        ],
        'consumer.failed': { target: 'backingOff', actions: 'backOff' },
        'consumer.stop': { target: 'stopped' },
      },
    },
    backingOff: {
      entry: 'wait',
      on: {
        'timer.fired': { target: 'running', actions: 'begin' },
        'consumer.stop': { target: 'stopped', actions: 'clear' },
      },
    },
    stopped: { type: 'final' },
  },
});
