/** One voter's opinion. */
export interface Vote {
  readonly approve: boolean;
  /** How sure the voter is, 0 to 1; a number it gives itself. */
  readonly confidence: number;
}

export interface Decision {
  /** `wait`: the votes do not suffice yet. */
  readonly verdict: 'approved' | 'rejected' | 'wait';
  /** Which part of the rule decided, for people. */
  readonly rationale: string;
  /** Mean confidence of all votes; 0 without any. */
  readonly confidence: number;
}

const leastVotes = 3;
const vetoAbove = 0.9;
const leastConfidence = 0.85;
/** Share of approvals, in hundredths: counts are compared, since 2 of 3 is not 0.67 of anything. */
const leastApprovalPercent = 67;

/**
 * Decides on a proposal by its votes; their order does not matter.
 *
 * At least 3 votes. A reject with a confidence over 0.90 rejects. Approvals of at least 67 % with a mean confidence of at
 * least 0.85 approve; more rejects than approvals with that mean reject. Otherwise it waits.
 */
export function decideConsensus(votes: readonly Vote[]): Decision {
  const approvals = votes.filter(({ approve }) => approve).length;
  const rejects = votes.length - approvals;
  const confidence = votes.length === 0 ? 0 : votes.reduce((sum, vote) => sum + vote.confidence, 0) / votes.length;
  const decide = (verdict: Decision['verdict'], rationale: string): Decision => ({ verdict, rationale, confidence });

  if (votes.length < leastVotes) return decide('wait', `${votes.length} of at least ${leastVotes} votes`);
  const veto = votes.find(vote => !vote.approve && vote.confidence > vetoAbove);
  if (veto) return decide('rejected', `a reject with a confidence of ${veto.confidence}`);
  const isSure = confidence >= leastConfidence;
  if (isSure && approvals * 100 >= leastApprovalPercent * votes.length) return decide('approved', `${approvals} of ${votes.length} approve`);
  if (isSure && rejects > approvals) return decide('rejected', `${rejects} of ${votes.length} reject`);
  return decide('wait', isSure ? `${approvals} of ${votes.length} approve` : `a mean confidence of ${confidence.toFixed(2)}`);
}
