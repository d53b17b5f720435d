import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plan } from '../../docs/examples/ledger/plan.ts';
import { tools } from '../../docs/examples/ledger/tools.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { loadBenchmark } from '../../src/benchmark-format/load-benchmark.ts';
import type { ConsolidatedSession } from '../../src/kinds/flows/consolidation/session.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';

const folder = join(import.meta.dirname, '../fixtures/reev/benchmarks');

async function runFile(file: string, change: (tools: typeof import('../../docs/examples/ledger/tools.ts').tools) => readonly (typeof tools)[number][] = all => all): Promise<ConsolidatedSession> {
  const { definition } = await loadBenchmark(join(folder, file), { plan: ({ prompt }) => ({ steps: plan(prompt) }) });
  const runtime = await createRuntime({ store: createMemoryStore(), tools: change(tools), flows: [definition] });
  try {
    const execution = await runtime.start(definition.id, { isolate: false });
    await execution.settled();
    const session = await execution.consolidated();
    expect(session?.error).toBeNull();
    expect(session?.assertions.map(({ id }) => id)).toEqual(definition.assertions?.map(({ id }) => id));
    return session as ConsolidatedSession;
  } finally {
    await runtime.stop();
  }
}

/** Ids with a result: `final_state_1,2` for the first two entries of one list. */
function list({ assertions }: ConsolidatedSession, result: string): string {
  const ids = assertions.filter(one => one.result === result).map(({ id }) => /^(.*)_(\d+)$/.exec(id) ?? [id, id, '']);
  return [...Map.groupBy(ids, ([, name]) => name)].map(([name, entries]) => `${name} ${entries.map(([, , at]) => at).join()}`.trim()).join(' · ');
}

const expected: readonly { readonly file: string; readonly score: string; readonly passed: boolean; readonly failed?: string; readonly notEvaluated?: string }[] = [
  { file: '001-sol-transfer.yml', score: '1/1', passed: true },
  { file: '002-spl-transfer.yml', score: '1/1', passed: true },
  { file: '003-spl-transfer-fail.yml', score: '0.75/1', passed: true },
  { file: '004-partial-score-spl-transfer.yml', score: '0.5357/1', passed: true, failed: 'final_state 1,2 · instruction_1_data' },
  { file: '100-jup-swap-sol-usdc.yml', score: '2/2', passed: true },
  { file: '110-jup-lend-deposit-sol.yml', score: '1/1', passed: true },
  { file: '111-jup-lend-deposit-usdc.yml', score: '1/1', passed: true },
  { file: '112-jup-lend-withdraw-sol.yml', score: '1/1', passed: true },
  { file: '113-jup-lend-withdraw-usdc.yml', score: '1/1', passed: true },
  { file: '114-jup-positions-and-earnings.yml', score: '3.575/3.7', passed: true, failed: 'expected_data_structure 4', notEvaluated: 'expected_api_calls 1,2 · success_criteria 2,3' },
  { file: '116-jup-lend-redeem-usdc.yml', score: '1.5/1.5', passed: true, notEvaluated: 'success_criteria 3' },
  { file: '200-jup-swap-then-lend-deposit.yml', score: '0.7/1.4', passed: false, failed: 'final_state 1,2', notEvaluated: 'success_criteria 2' },
  {
    file: '300-jup-swap-then-lend-deposit-dyn.yml', score: '1.8/3.5', passed: false, failed: 'final_state 1,2 · expected_data_structure 1,2,3,4,5',
    notEvaluated: 'success_criteria 1,2,3,4 · expected_flow_complexity 2,3 · expected_multiplication_metrics 1,2,3 · expected_otel_tracking 2,3,4 · recovery_expectations 1,2,3,4',
  },
  {
    file: '301-dynamic-yield-optimization.yml', score: '1.8/3.4', passed: false, failed: 'final_state 1,2 · expected_data_structure 1,2,3,4,5',
    notEvaluated: 'success_criteria 1,2,3,4 · expected_flow_complexity 2,3 · expected_otel_tracking 2,3,4 · recovery_expectations 1,2,3,4',
  },
  {
    file: '303-risk-adjusted-growth.yml', score: '2.05/3.2', passed: false, failed: 'final_state 2 · expected_data_structure 1,2,3,4,5,6',
    notEvaluated: 'success_criteria 1,2,3,4,5 · expected_flow_complexity 2,3 · expected_otel_tracking 2,3,4 · recovery_expectations 1,2,3,4',
  },
  {
    file: '305-yield-farming-optimization.yml', score: '0.8/2.75', passed: false,
    failed: 'final_state 2,3,4 · expected_tool_calls 3,5 · expected_data_structure 1,2,3,4,5,6,7 · expected_otel_tracking 1',
    notEvaluated: 'final_state 6,7 · success_criteria 1,2,3,4,5,6 · expected_flow_complexity 1,2,3,4 · expected_yield_optimization 1,2,3 · expected_otel_tracking 2,3,4 · recovery_expectations 1,2,3,4,5',
  },
];

describe('each of the predecessor\'s files, run on the ledger', () => {
  it('is there', () => expect(expected.map(({ file }) => file)).toEqual(readdirSync(folder).filter(file => file.endsWith('.yml')).toSorted()));

  it.each(expected)('$file', async ({ file, score, passed, failed = '', notEvaluated = '' }) => {
    const session = await runFile(file);
    const round = (value: number): number => Number(value.toFixed(4));
    expect(`${round(session.earned)}/${round(session.possible)}`).toBe(score);
    expect(session.score).toBeCloseTo(session.earned / session.possible);
    expect(session.passed).toBe(passed);
    expect(list(session, 'failed')).toBe(failed);
    expect(list(session, 'not_evaluated')).toBe(notEvaluated);
    for (const { result, reason } of session.assertions) expect(reason === undefined).toBe(result === 'passed');
  });
});

describe('the two files about failing', () => {
  it('003: a right instruction that cannot be carried out is worth 0.75, and changes nothing', async () => {
    const session = await runFile('003-spl-transfer-fail.yml');
    expect(session.score).toBe(0.75);
    expect(session.steps.map(({ stepId, status, failure }) => [stepId, status, failure?.code])).toEqual([['setup', 'completed', undefined], ['step_1', 'completed', undefined], ['step_1_result', 'failed', 'insufficient_funds']]);
    expect(session.state).toMatchObject({ value: { accounts: { USER_USDC_ATA: { amount: 10_000_000 }, RECIPIENT_USDC_ATA: { amount: 0 } } } });
    expect(session.assertions.filter(({ id }) => id.startsWith('final')).map(({ result, weight }) => [result, weight])).toEqual([['passed', 0], ['passed', 0]]);
  });

  it('004: a half-right instruction that no program can read is worth about half', async () => {
    const session = await runFile('004-partial-score-spl-transfer.yml');
    expect(session.score).toBeCloseTo((0.75 * 1.25) / 1.75, 10);
    expect(session.steps.at(-1)?.failure?.code).toBe('instruction_invalid');
  });
});

describe('an agent that does nothing', () => {
  const idle = (all: typeof tools) => all.map(tool => (tool.name === 'benchmark_agent' ? { ...tool, run: () => ({ calls: [], instructions: [] }) } : tool));
  const lost = (all: typeof tools) => all.map(tool => (tool.name === 'benchmark_agent' ? { ...tool, run: () => Promise.reject(new Error('no idea')) } : tool));

  it.each(['001-sol-transfer.yml', '003-spl-transfer-fail.yml', '100-jup-swap-sol-usdc.yml', '111-jup-lend-deposit-usdc.yml'])('is worth nothing: %s', async file => {
    const session = await runFile(file, idle);
    expect(session.score).toBe(0);
    expect(session.steps.at(-1)).toMatchObject({ stepId: 'step_1_result', status: 'failed', failure: { code: 'nothing_to_execute' } });
  });

  it.each(['001-sol-transfer.yml', '110-jup-lend-deposit-sol.yml', '200-jup-swap-then-lend-deposit.yml'])('or fails is worth nothing: %s', async file => {
    const session = await runFile(file, lost);
    expect([session.score, session.passed]).toEqual([0, false]);
  });
});
