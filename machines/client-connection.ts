import { assign, setup } from 'xstate';
import { computeBackoff } from '../src/core/backoff.ts';

export interface ClientConnectionInput {
  /** Shortest wait before the owner is looked for again, ms. */
  readonly leastWaitMs: number;
  /** Longest, ms. */
  readonly mostWaitMs: number;
  /** Factor from one wait to the next, 1 or more. */
  readonly growth: number;
}

export interface ClientConnectionContext extends ClientConnectionInput {
  /** Attempts in a row that came to nothing. */
  readonly failures: number;
  /** Connections that were open so far. */
  readonly connections: number;
  /** How long the present wait is, ms; null: it does not wait. */
  readonly waitMs: number | null;
  /** Code of the error that ended the last attempt, or connection; null: none has ended. */
  readonly code: string | null;
}

export type ClientConnectionEvent =
  /** Somebody wants something of the owner. */
  | { type: 'connection.seek' }
  | { type: 'carrier.opened' }
  | { type: 'owner.welcomed' }
  /** `retryAfterMs`: when the owner said to come again; `random`: uniform in [0, 1). */
  | { type: 'connection.lost'; code: string; retryAfterMs: number | null; random: number }
  /** It is no use to come again: the token is wrong, or the versions do not fit. */
  | { type: 'connection.refused'; code: string }
  | { type: 'timer.fired' }
  /** Nobody wants anything: no owner is looked for until somebody does. */
  | { type: 'connection.rest' }
  | { type: 'connection.close' };

/** Jittered, so that the clients of an owner that has died do not all come back at once. */
function computeWait({ leastWaitMs, mostWaitMs, growth, failures }: ClientConnectionContext, retryAfterMs: number | null, random: number): number {
  const policy = { maxAttempts: Infinity, initialIntervalMs: leastWaitMs, backoffCoefficient: growth, maxIntervalMs: mostWaitMs, jitter: 'full', nonRetryable: [] } as const;
  const wait = Math.max(leastWaitMs, retryAfterMs ?? 0) + computeBackoff(policy, failures + 1, random);
  return Math.min(wait, Math.max(mostWaitMs, retryAfterMs ?? 0));
}

/**
 * A client's connection to an owner, through all owners there will be.
 *
 * Effects: `connect` (open a carrier and say hello over it), `wait` (for `waitMs`), `unwait`, `hangUp` (close what is open).
 */
export const clientConnectionMachine = setup({
  types: {
    context: {} as ClientConnectionContext,
    events: {} as ClientConnectionEvent,
    input: {} as ClientConnectionInput,
  },
  actions: {
    connect: () => {},
    wait: () => {},
    unwait: () => {},
    hangUp: () => {},
    noteOpen: assign(({ context }) => ({ failures: 0, connections: context.connections + 1 })),
    noteLoss: assign(({ context, event }) => ('retryAfterMs' in event
      ? { code: event.code, failures: context.failures + 1, waitMs: computeWait(context, event.retryAfterMs, event.random) } : {})),
    noteRefusal: assign(({ event }) => ({ code: 'code' in event ? event.code : null })),
    endWait: assign({ waitMs: null }),
  },
}).createMachine({
  id: 'clientConnection',
  context: ({ input }) => ({ ...input, failures: 0, connections: 0, waitMs: null, code: null }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        'connection.seek': { target: 'connecting' },
        'connection.close': { target: 'closed' },
      },
    },
    connecting: {
      entry: 'connect',
      on: {
        'carrier.opened': { target: 'greeting' },
        'connection.lost': { target: 'waiting', actions: 'noteLoss' },
        'connection.refused': { target: 'refused', actions: 'noteRefusal' },
        'connection.rest': { target: 'idle' },
        'connection.close': { target: 'closed' },
      },
    },
    greeting: {
      on: {
        'owner.welcomed': { target: 'open', actions: 'noteOpen' },
        'connection.lost': { target: 'waiting', actions: 'noteLoss' },
        'connection.refused': { target: 'refused', actions: 'noteRefusal' },
        'connection.rest': { target: 'idle' },
        'connection.close': { target: 'closed' },
      },
    },
    open: {
      exit: 'hangUp',
      on: {
        'connection.lost': { target: 'waiting', actions: 'noteLoss' },
        'connection.close': { target: 'closed' },
      },
    },
    waiting: {
      entry: 'wait',
      exit: ['unwait', 'endWait'],
      on: {
        'timer.fired': { target: 'connecting' },
        'connection.rest': { target: 'idle' },
        'connection.close': { target: 'closed' },
      },
    },
    refused: {
      on: {
        'connection.seek': { target: 'connecting' },
        'connection.close': { target: 'closed' },
      },
    },
    closed: { type: 'final' },
  },
});
