import { assign, setup } from 'xstate';
import type { Decision, Vote } from './consensus-rule.ts';
import { decideConsensus } from './consensus-rule.ts';

export interface ConsensusContext {
  /** The latest vote of each instance. */
  readonly votes: { readonly [instanceId: string]: Vote };
  readonly decision: Decision | null;
}

export type ConsensusEvent =
  | { type: 'vote.cast'; instanceId: string; approve: boolean; confidence: number }
  | { type: 'deadline.passed' };

/** The votes as they stand after an event. */
const withVote = (context: ConsensusContext, event: ConsensusEvent): ConsensusContext['votes'] =>
  event.type === 'vote.cast' ? { ...context.votes, [event.instanceId]: { approve: event.approve, confidence: event.confidence } } : context.votes;

const decide = (context: ConsensusContext, event: ConsensusEvent): Decision => decideConsensus(Object.values(withVote(context, event)));

/**
 * The vote on one proposal.
 *
 * A second vote of an instance replaces its first; after the decision votes change nothing. Effect: `publishResult`.
 */
export const consensusMachine = setup({
  types: { context: {} as ConsensusContext, events: {} as ConsensusEvent },
  actions: {
    publishResult: () => {},
    noteVote: assign(({ context, event }) => ({ votes: withVote(context, event) })),
    noteDecision: assign(({ context, event }) => ({ decision: decide(context, event) })),
    noteDeadline: assign(({ context, event }) => ({ decision: { ...decide(context, event), verdict: 'rejected' as const, rationale: 'no decision before the deadline' } })),
  },
  guards: {
    approves: ({ context, event }) => decide(context, event).verdict === 'approved',
    rejects: ({ context, event }) => decide(context, event).verdict === 'rejected',
  },
}).createMachine({
  id: 'consensus',
  context: { votes: {}, decision: null },
  initial: 'collecting',
  states: {
    collecting: {
      on: {
        'vote.cast': [
          { guard: 'approves', target: 'approved', actions: ['noteVote', 'noteDecision', 'publishResult'] },
          { guard: 'rejects', target: 'rejected', actions: ['noteVote', 'noteDecision', 'publishResult'] },
          { actions: 'noteVote' },
        ],
        'deadline.passed': { target: 'rejected', actions: ['noteDeadline', 'publishResult'] },
      },
    },
    approved: { type: 'final' },
    rejected: { type: 'final' },
  },
});
