import { assign, setup } from 'xstate';

/** What is known about a change that an instance proposes to itself. */
export interface ProposalContext {
  /** Version of the configuration that was in force before the change, noted when it is applied. */
  readonly replacedVersion: number | null;
  /** Why the proposal was refused, failed or was rolled back. */
  readonly reason: string | null;
}

export type ProposalEvent =
  | { type: 'consensus.requested' }
  | { type: 'consensus.reached' }
  | { type: 'consensus.failed'; reason: string }
  | { type: 'execution.started' }
  | { type: 'execution.completed'; replacedVersion: number }
  | { type: 'execution.failed'; reason: string }
  | { type: 'rollback.completed'; reason: string };

const noted = { actions: 'noteReason' } as const;

/** One proposal's life: what any part of the example may do to it stands here and nowhere else. */
export const proposalMachine = setup({
  types: { context: {} as ProposalContext, events: {} as ProposalEvent },
  actions: {
    noteReason: assign(({ event }) => ('reason' in event ? { reason: event.reason } : {})),
    noteReplaced: assign(({ event }) => (event.type === 'execution.completed' ? { replacedVersion: event.replacedVersion } : {})),
  },
}).createMachine({
  id: 'proposal',
  context: { replacedVersion: null, reason: null },
  initial: 'pending',
  states: {
    pending: { on: { 'consensus.requested': 'sent_for_consensus' } },
    sent_for_consensus: {
      on: {
        'consensus.reached': 'consensus_reached',
        'consensus.failed': { target: 'consensus_failed', ...noted },
      },
    },
    consensus_reached: { on: { 'execution.started': 'executing' } },
    consensus_failed: { type: 'final' },
    executing: {
      on: {
        'execution.completed': { target: 'applied', actions: 'noteReplaced' },
        'execution.failed': { target: 'failed', ...noted },
      },
    },
    applied: { on: { 'rollback.completed': { target: 'rolled_back', ...noted } } },
    failed: { on: { 'rollback.completed': { target: 'rolled_back', ...noted } } },
    rolled_back: { type: 'final' },
  },
});
