import type { MessageCall, QueueRuntime } from 'flowstone';
import { ConfigurationStore } from './configuration-store.ts';
import type { Metrics } from './guardian-machine.ts';
import { MachineStore } from './machine-store.ts';
import type { ProposalContext } from './proposal-machine.ts';
import { proposalMachine } from './proposal-machine.ts';
import type { Configuration, Proposal } from './queues.ts';
import { consensusResults, metricsToGuardian, patternsForAggregator, proposalsForConsensus, rollbackTriggers, safetyProfiles } from './queues.ts';

export interface InstanceOptions {
  readonly name: string;
  /** Database of its own. */
  readonly file: string;
  readonly queues: Pick<QueueRuntime, 'publish' | 'consume'>;
  /** From this risk on it rejects what others propose, 0 to 10. */
  readonly caution: number;
  /** Told where a proposal of its own stands. */
  readonly moved: (proposalId: string, state: string) => void;
}

/** What a configuration is like at work. */
function measure({ timeoutMs, cacheSize, model }: Configuration): Metrics {
  const errorRate = timeoutMs < 500 ? 0.25 : 0.02;
  return { successRate: 1 - errorRate, errorRate, latencyP95Ms: Math.max(200, 1_800 - cacheSize * 4), costCents: model === 'large' ? 14 : 4 };
}

/**
 * One instance: proposes changes to itself, votes on those of others, carries out what was agreed, goes back when told to.
 *
 * What it has decided is in its own database before anything is published, and what it publishes follows from the state
 * there under a key: a message that comes again finds the state already there, and publishes the same message again.
 */
export class Instance {
  readonly store: MachineStore;
  readonly configurations: ConfigurationStore;
  readonly #options: InstanceOptions;

  constructor(options: InstanceOptions) {
    this.#options = options;
    this.store = new MachineStore(options.file);
    this.configurations = new ConfigurationStore(this.store);
    this.store.database.exec(`
      CREATE TABLE IF NOT EXISTS proposals (proposal_id TEXT PRIMARY KEY, proposal TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS profiles (agent_type TEXT PRIMARY KEY, patterns INTEGER NOT NULL, mean_success_rate REAL NOT NULL);
    `);
  }

  async begin(): Promise<void> {
    const { queues, name, caution } = this.#options;
    await queues.consume(consensusResults, ({ payload, publish }) => {
      if (payload.type === 'consensus_result') return this.#decide(payload, publish);
      const { proposalId, riskScore, instanceId } = payload.proposal;
      const approve = riskScore < caution;
      // As sure as the risk is far from where its opinion turns.
      const confidence = Math.min(0.99, 0.86 + Math.abs(riskScore - caution) / 40);
      publish(proposalsForConsensus, { type: 'vote', proposalId, proposedBy: instanceId, instanceId: name, approve, confidence }, { idempotencyKey: `vote:${proposalId}:${name}` });
    }, { instance: name });
    await queues.consume(rollbackTriggers, ({ payload: { proposalId, reason }, publish }) => {
      this.#rollBack(proposalId, reason);
      publish(metricsToGuardian, { type: 'rollback_confirmed', proposalId }, { idempotencyKey: `confirmed:${proposalId}` });
    }, { instance: name });
    await queues.consume(safetyProfiles, ({ payload: { agentType, patterns, meanSuccessRate } }) => {
      const upsert = 'INSERT INTO profiles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET patterns = excluded.patterns, mean_success_rate = excluded.mean_success_rate WHERE excluded.patterns > patterns';
      this.store.database.prepare(upsert).run(agentType, patterns, meanSuccessRate);
    }, { instance: name });
    for (const text of this.store.database.prepare('SELECT proposal FROM proposals').pluck().all() as string[]) await this.#send(JSON.parse(text) as Proposal);
  }

  /** Proposes a change to itself; the same proposal again changes nothing. */
  async propose(proposal: Omit<Proposal, 'instanceId'>): Promise<void> {
    const whole = { ...proposal, instanceId: this.#options.name };
    this.store.database.prepare('INSERT OR IGNORE INTO proposals VALUES (?, ?)').run(proposal.proposalId, JSON.stringify(whole));
    await this.#send(whole);
  }

  async #send(proposal: Proposal): Promise<void> {
    const { proposalId } = proposal;
    await this.#options.queues.publish(proposalsForConsensus, { type: 'proposal_for_consensus', proposal }, { idempotencyKey: `proposal:${proposalId}` });
    this.#tell(proposalId, this.store.send(proposalMachine, proposalId, { type: 'consensus.requested' }).state);
  }

  #decide({ proposalId, status, rationale }: { readonly proposalId: string; readonly status: string; readonly rationale: string }, publish: QueuePublish): void {
    const { name } = this.#options;
    const { store, configurations } = this;
    const { change, agentType } = JSON.parse(store.database.prepare('SELECT proposal FROM proposals WHERE proposal_id = ?').pluck().get(proposalId) as string) as Proposal;
    // The result may be faster than the note that the proposal was sent.
    store.send(proposalMachine, proposalId, { type: 'consensus.requested' });
    if (status === 'rejected') {
      this.#tell(proposalId, store.send(proposalMachine, proposalId, { type: 'consensus.failed', reason: rationale } as never).state);
      return;
    }
    store.database.transaction(() => {
      store.send(proposalMachine, proposalId, { type: 'consensus.reached' });
      store.send(proposalMachine, proposalId, { type: 'execution.started' });
      const replacedVersion = configurations.version;
      store.send(proposalMachine, proposalId, { type: 'execution.completed', replacedVersion } as never, () => configurations.change(change, proposalId));
    })();
    const { state } = store.get(proposalMachine, proposalId);
    this.#tell(proposalId, state);
    if (state !== 'applied') return;
    const metrics = measure(configurations.current);
    publish(metricsToGuardian, { type: 'execution_metrics', proposalId, instanceId: name, metrics }, { idempotencyKey: `metrics:${proposalId}` });
    publish(patternsForAggregator, { type: 'pattern_discovered', proposalId, instanceId: name, agentType, successRate: metrics.successRate }, { idempotencyKey: `pattern:${proposalId}` });
  }

  #rollBack(proposalId: string, reason: string): void {
    const { replacedVersion } = this.store.get(proposalMachine, proposalId).context as ProposalContext;
    const { state } = this.store.send(proposalMachine, proposalId, { type: 'rollback.completed', reason } as never, () => {
      if (replacedVersion !== null) this.configurations.restore(replacedVersion, `rollback of ${proposalId}: ${reason}`);
    });
    this.#tell(proposalId, state);
  }

  #tell(proposalId: string, state: string): void {
    this.#options.moved(proposalId, state);
  }
}

type QueuePublish = MessageCall['publish'];
