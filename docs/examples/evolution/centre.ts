import type { MessageCall, QueueRuntime } from 'flowstone';
import type { ConsensusContext } from './consensus-machine.ts';
import { consensusMachine } from './consensus-machine.ts';
import type { GuardianContext } from './guardian-machine.ts';
import { guardianMachine } from './guardian-machine.ts';
import { MachineStore } from './machine-store.ts';
import { consensusResults, metricsToGuardian, patternsForAggregator, proposalsForConsensus, rollbackTriggers, safetyProfiles } from './queues.ts';

export interface CentreOptions {
  /** Database of its own. */
  readonly file: string;
  readonly queues: Pick<QueueRuntime, 'consume'>;
  /** How long votes are waited for. Default 30 s. */
  readonly deadline?: number | string;
}

/** The centre: counts votes, watches over what was changed, and tells everybody what has worked. */
export class Centre {
  readonly store: MachineStore;
  readonly #options: CentreOptions;

  constructor(options: CentreOptions) {
    this.#options = options;
    this.store = new MachineStore(options.file);
    this.store.database.exec('CREATE TABLE IF NOT EXISTS patterns (proposal_id TEXT PRIMARY KEY, agent_type TEXT NOT NULL, success_rate REAL NOT NULL)');
  }

  async begin(): Promise<void> {
    const { queues, deadline = '30s' } = this.#options;
    await queues.consume(proposalsForConsensus, ({ payload, publish }) => {
      if (payload.type === 'proposal_for_consensus') {
        const { proposal } = payload;
        const { proposalId, instanceId: proposedBy, riskScore } = proposal;
        publish(consensusResults, { type: 'consensus_request', proposal }, { to: 'all', idempotencyKey: `request:${proposalId}` });
        publish(proposalsForConsensus, { type: 'deadline', proposalId, proposedBy }, { delay: deadline, idempotencyKey: `deadline:${proposalId}` });
        // The centre has a vote, too: it trusts what is not outright dangerous.
        publish(proposalsForConsensus, { type: 'vote', proposalId, proposedBy, instanceId: 'centre', approve: riskScore < 9, confidence: 0.88 }, { idempotencyKey: `vote:${proposalId}:centre` });
      } else if (payload.type === 'vote') {
        const { proposalId, instanceId, approve, confidence } = payload;
        this.store.send(consensusMachine, proposalId, { type: 'vote.cast', instanceId, approve, confidence } as never);
        this.#announce(proposalId, payload.proposedBy, publish);
      } else {
        this.store.send(consensusMachine, payload.proposalId, { type: 'deadline.passed' });
        this.#announce(payload.proposalId, payload.proposedBy, publish);
      }
    });
    await queues.consume(metricsToGuardian, ({ payload, publish }) => {
      const { proposalId } = payload;
      if (payload.type === 'rollback_confirmed') return void this.store.send(guardianMachine, proposalId, { type: 'rollback.confirmed' });
      const { state, context } = this.store.send(guardianMachine, proposalId, { type: 'metrics.reported', ...payload.metrics } as never);
      if (state !== 'rolling_back') return;
      const reason = (context as GuardianContext).breaches.map(({ metric, value, limit }) => `${metric} is ${value}, limit ${limit}`).join('; ');
      publish(rollbackTriggers, { type: 'rollback_trigger', proposalId, reason }, { to: { instance: payload.instanceId }, idempotencyKey: `rollback:${proposalId}` });
    });
    await queues.consume(patternsForAggregator, ({ payload: { proposalId, agentType, successRate }, publish }) => {
      this.store.database.prepare('INSERT OR IGNORE INTO patterns VALUES (?, ?, ?)').run(proposalId, agentType, successRate);
      const { patterns, mean } = this.store.database.prepare('SELECT count(*) AS patterns, avg(success_rate) AS mean FROM patterns WHERE agent_type = ?').get(agentType) as { patterns: number; mean: number };
      publish(safetyProfiles, { type: 'safety_profile_update', agentType, patterns, meanSuccessRate: mean }, { to: 'all', idempotencyKey: `profile:${agentType}:${patterns}` });
    });
  }

  /** Once it is decided, every further message says the same again, under the same key: it is one result. */
  #announce(proposalId: string, proposedBy: string, publish: MessageCall['publish']): void {
    const { decision } = this.store.get(consensusMachine, proposalId).context as ConsensusContext;
    if (!decision || decision.verdict === 'wait') return;
    const { verdict: status, confidence, rationale } = decision;
    publish(consensusResults, { type: 'consensus_result', proposalId, status, confidence, rationale }, { to: { instance: proposedBy }, idempotencyKey: `result:${proposalId}` });
  }
}
