import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createMemoryStore, createRuntime } from 'flowstone';
import type { Runtime } from 'flowstone';
import { Instance } from '../../docs/examples/evolution/instance.ts';
import { proposalMachine } from '../../docs/examples/evolution/proposal-machine.ts';
import { consensusResults, queues, rollbackTriggers } from '../../docs/examples/evolution/queues.ts';

let folder: string;
let runtime: Runtime;
let instance: Instance;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-evolution-'));
  runtime = await createRuntime({ store: createMemoryStore(), queues });
  instance = new Instance({ name: 'north', file: join(folder, 'north.db'), queues: runtime, caution: 5, moved: () => {} });
  await instance.begin();
  await instance.propose({ proposalId: 'short', agentType: 'network', change: { timeoutMs: 200 }, riskScore: 1 });
});

afterEach(async () => {
  await runtime.stop();
  instance.store.close();
  rmSync(folder, { recursive: true, force: true });
});

const publishTimes = (times: number, status: 'approved' | 'rejected') =>
  runtime.publishMany(consensusResults, Array.from({ length: times }, () => ({
    payload: { type: 'consensus_result' as const, proposalId: 'short', status, confidence: 0.9, rationale: '3 of 3 approve' },
    to: { instance: 'north' },
  })));

const handled = async (queue: string, times: number): Promise<void> =>
  vi.waitFor(async () => expect((await runtime.queues.stats(queue))[0]?.completed).toBe(times), { timeout: 300_000, interval: 5 });

it('executes once what was decided, however often the decision is delivered', async () => {
  const before = instance.configurations.version;
  await publishTimes(50, 'approved');
  await handled(consensusResults.name, 50);
  expect(instance.configurations.version).toBe(before + 1);
  expect(instance.configurations.current.timeoutMs).toBe(200);
  expect(instance.store.listMoves(proposalMachine, 'short')).toEqual(['sent_for_consensus', 'consensus_reached', 'executing', 'applied']);
  expect((await runtime.queues.stats('metrics_to_guardian'))[0]?.depth).toBe(1);
});

it('keeps to the first decision when another one follows', async () => {
  await publishTimes(1, 'rejected');
  await handled(consensusResults.name, 1);
  await publishTimes(1, 'approved');
  await handled(consensusResults.name, 2);
  expect(instance.store.get(proposalMachine, 'short').state).toBe('consensus_failed');
  expect(instance.configurations.current.timeoutMs).toBe(2_000);
});

it('restores the configuration of before, once, however often it is told to', async () => {
  await publishTimes(1, 'approved');
  await handled(consensusResults.name, 1);
  const trigger = { payload: { type: 'rollback_trigger' as const, proposalId: 'short', reason: 'errors' }, to: { instance: 'north' } };
  await runtime.publishMany(rollbackTriggers, [trigger, trigger, trigger]);
  await handled(rollbackTriggers.name, 3);
  expect(instance.configurations.current).toEqual({ timeoutMs: 2_000, cacheSize: 100, model: 'small' });
  expect(instance.configurations.version).toBe(3);
  expect(instance.store.get(proposalMachine, 'short').state).toBe('rolled_back');
});
