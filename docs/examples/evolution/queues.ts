import { defineQueue } from 'flowstone';
import { z } from 'zod';

/** What instances have configured, and propose to change. */
export const configuration = z.object({ timeoutMs: z.number().int().positive(), cacheSize: z.number().int().nonnegative(), model: z.enum(['small', 'large']) });
export type Configuration = z.infer<typeof configuration>;

const confidence = z.number().min(0).max(1);
const metrics = z.object({ successRate: z.number(), errorRate: z.number(), latencyP95Ms: z.number(), costCents: z.number() });
const proposal = z.object({
  proposalId: z.string(),
  instanceId: z.string(),
  agentType: z.string(),
  change: configuration.partial(),
  riskScore: z.number().min(0).max(10),
});
export type Proposal = z.infer<typeof proposal>;

/** Proposals and votes on them, to the centre. */
export const proposalsForConsensus = defineQueue({
  name: 'proposals_for_consensus',
  workers: 2,
  schema: z.discriminatedUnion('type', [
    z.object({ type: z.literal('proposal_for_consensus'), proposal }),
    z.object({ type: z.literal('vote'), proposalId: z.string(), proposedBy: z.string(), instanceId: z.string(), approve: z.boolean(), confidence }),
    z.object({ type: z.literal('deadline'), proposalId: z.string(), proposedBy: z.string() }),
  ]),
});

/** Requests to vote, to all instances, and what was decided, to the one that proposed. */
export const consensusResults = defineQueue({
  name: 'consensus_results',
  workers: 2,
  schema: z.discriminatedUnion('type', [
    z.object({ type: z.literal('consensus_request'), proposal }),
    z.object({ type: z.literal('consensus_result'), proposalId: z.string(), status: z.enum(['approved', 'rejected']), confidence, rationale: z.string() }),
  ]),
});

/** What instances measured after a change, to the guardian. */
export const metricsToGuardian = defineQueue({
  name: 'metrics_to_guardian',
  workers: 2,
  schema: z.discriminatedUnion('type', [
    z.object({ type: z.literal('execution_metrics'), proposalId: z.string(), instanceId: z.string(), metrics }),
    z.object({ type: z.literal('rollback_confirmed'), proposalId: z.string() }),
  ]),
});

/** What worked, to the aggregator. */
export const patternsForAggregator = defineQueue({
  name: 'patterns_for_aggregator',
  workers: 1,
  schema: z.object({ type: z.literal('pattern_discovered'), proposalId: z.string(), instanceId: z.string(), agentType: z.string(), successRate: z.number().min(0).max(1) }),
});

/** Orders to go back, to one instance, before anything else. */
export const rollbackTriggers = defineQueue({
  name: 'rollback_triggers',
  workers: 1,
  priority: 'high',
  schema: z.object({ type: z.literal('rollback_trigger'), proposalId: z.string(), reason: z.string() }),
});

/** What is known to be safe, to all instances. */
export const safetyProfiles = defineQueue({
  name: 'guardian_safety_profiles',
  workers: 1,
  schema: z.object({ type: z.literal('safety_profile_update'), agentType: z.string(), patterns: z.number().int(), meanSuccessRate: z.number() }),
});

export const queues = [proposalsForConsensus, consensusResults, metricsToGuardian, patternsForAggregator, rollbackTriggers, safetyProfiles];
