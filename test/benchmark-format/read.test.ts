import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../docs/examples/ledger/plan.ts';
import { loadBenchmark, readBenchmarkText } from '../../src/benchmark-format/load-benchmark.ts';
import { evaluateAssertions } from '../../src/assertions/evaluate-assertions.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import type { Problem } from '../../src/definition/problem.ts';

const folder = join(import.meta.dirname, '../fixtures/reev/benchmarks');
const files = readdirSync(folder).filter(file => file.endsWith('.yml'));
const planner = ({ prompt }: { readonly prompt: string }) => ({ steps: plan(prompt) });

async function problemsOf(text: string): Promise<string[]> {
  try {
    await readBenchmarkText(text, 'b.yml');
  } catch (error) {
    if (!isFlowError(error)) throw error;
    const { problems } = error.details as { problems: Problem[] };
    return problems.map(({ place, code, message }) => `${place.line}:${place.column} ${code} ${message}`);
  }
  return [];
}
const doubtsOf = async (file: string): Promise<string[]> => (await loadBenchmark(join(folder, file))).doubts.map(({ code, place, found }) => `${place.line} ${code} ${found}`);

describe('a benchmark file', () => {
  it('is one of sixteen', () => expect(files).toHaveLength(16));

  it.each(files)('%s becomes a flow, and every entry of its ground truth an assertion', async file => {
    const { definition } = await loadBenchmark(join(folder, file), { plan: planner });
    const text = readFileSync(join(folder, file), 'utf8');
    expect(definition.id).toBe(file.replace('.yml', ''));
    expect(definition.flow_type).toBe(file.startsWith('3') ? 'dynamic' : 'static');
    const entries = [...text.matchAll(/^ {4}- /gm)].length - [...(/^ {2}expected_instructions:[\s\S]*?(?=^ {2}\w|(?![\s\S]))/m.exec(text)?.[0] ?? '').matchAll(/^ {4}- /gm)].length;
    const judged = (definition.assertions ?? []).filter(({ id }) => !id.startsWith('instruction_'));
    expect(judged, 'as many as the file has').toHaveLength(entries);
    expect(compileFlow((await loadBenchmark(join(folder, file), { plan: planner })).definition).digest).toBe(compileFlow(definition).digest);
  });

  it('keeps its two steps, their order and their times', async () => {
    const { steps } = (await loadBenchmark(join(folder, '116-jup-lend-redeem-usdc.yml'))).definition;
    expect(steps.map(({ id, depends_on: on, timeout }) => [id, on, timeout])).toEqual([
      ['setup', [], undefined],
      ['step_1', ['setup'], 30_000],
      ['step_1_result', ['step_1'], 30_000],
      ['step_2', ['setup', 'step_1_result'], 30_000],
      ['step_2_result', ['step_2'], 30_000],
    ]);
  });

  it('is planned when it is dynamic', async () => {
    const { steps } = (await loadBenchmark(join(folder, '300-jup-swap-then-lend-deposit-dyn.yml'), { plan: planner })).definition;
    expect(steps.map(({ id }) => id)).toEqual(['setup', 'get_account_balance', 'jupiter_swap', 'jupiter_lend_earn_deposit', 'get_account_balance_after']);
    const file = join(folder, '300-jup-swap-then-lend-deposit-dyn.yml');
    await expect(loadBenchmark(file, { plan: () => ({ no: 'steps' }) })).rejects.toMatchObject({ code: 'benchmark_not_planned' });
    await expect(loadBenchmark(file, { plan: () => ({ steps: [{ id: 'a', uses: 'tool:x', depends_on: ['b'] }] }) })).rejects.toMatchObject({ code: 'definition_invalid' });
  });

  it('weighs instructions 0.75, their execution 0.25, and beside them the final state nothing', async () => {
    const { steps, assertions = [] } = (await loadBenchmark(join(folder, '004-partial-score-spl-transfer.yml'))).definition;
    expect(steps.map(({ weight, critical }) => [weight, critical])).toEqual([[0, true], [0, true], [0.25, false]]);
    expect(assertions.map(({ id, weight }) => [id, Number(weight.toFixed(4))])).toEqual([
      ['final_state_1', 0], ['final_state_2', 0],
      ['instruction_1_program', 0.2143], ['instruction_1_account_1', 0.1071], ['instruction_1_account_2', 0.1071], ['instruction_1_account_3', 0.1071], ['instruction_1_data', 0.2143],
    ]);
  });

  it('loses nothing that it says', async () => {
    const text = 'id: x\nprompt: Do {% this %}\ndifficulty: 3\ninitial_state: [{ pubkey: A, owner: B, lamports: 1, note: "{% no %}" }]\nground_truth: { budget: 9 }\n';
    const loaded = await readBenchmarkText(text, 'b.yml');
    expect(loaded?.doubts.map(({ code, place }) => `${place.line} ${code} ${place.path}`)).toEqual(['3 benchmark_key_unknown difficulty', '4 benchmark_key_unknown initial_state[0].note', '5 benchmark_key_unknown ground_truth.budget']);
    const { steps: planned } = compileFlow(loaded?.definition as NonNullable<typeof loaded>['definition']);
    expect(await planned[0]?.with?.evaluate({ input: {}, steps: {} }, { now: 0, seed: '', timeLimitMs: 1_000, room: { maxBytes: 4_194_304, used: 0 } })).toEqual({
      initial_state: [{ pubkey: 'A', owner: 'B', lamports: 1, note: '{% no %}' }],
      benchmark: { prompt: 'Do {% this %}', tags: [], difficulty: 3, ground_truth: { budget: 9 } },
    });
  });

  it('hands any prompt to the agent as it is', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.constantFrom('{% 1 %}', '{%', '%}', '{% "%}" %}', 'a\\u0025{% x %}')), async prompt => {
      fc.pre(prompt !== '');
      const loaded = await readBenchmarkText(JSON.stringify({ id: 'x', prompt, initial_state: [], ground_truth: {} }, null, 1), 'b.yml');
      const { steps } = compileFlow(loaded?.definition as NonNullable<typeof loaded>['definition']);
      expect(await steps[1]?.with?.evaluate({ input: {}, steps: {} }, { now: 0, seed: '', timeLimitMs: 1_000, room: { maxBytes: 4_194_304, used: 0 } })).toMatchObject({ prompt });
    }), { numRuns: 30 });
  });

  it('is told from a flow', async () => {
    expect(await readBenchmarkText('id: x\nsteps: [{ id: a, uses: exec }]\nground_truth: 1', 'b.yml')).toBeUndefined();
    expect(await readBenchmarkText('id: x\nprompt: y', 'b.yml')).toBeUndefined();
  });
});

describe('an account without lamports, such as a position in a lending program', () => {
  it('is a doubt, and what reads them is not evaluated', async () => {
    const finals = ['SolBalance', 'SolBalanceChange'].map(type => `{ type: ${type}, pubkey: A, expected: 1, expected_change_gte: 1 }`).join(', ');
    const loaded = await readBenchmarkText(`id: x\nprompt: p\ninitial_state: [{ pubkey: A, owner: B }, { pubkey: C, owner: B, lamports: 1 }]\nground_truth: { final_state_assertions: [${finals}, { type: SolBalance, pubkey: C, expected: 2 }] }\n`, 'b.yml');
    expect(loaded?.doubts.map(({ code, place }) => `${place.path} ${code}`)).toContain('initial_state[0] lamports_missing');
    const assertions = loaded?.definition.assertions ?? [];
    expect(assertions.map(({ type }) => type)).toEqual(['SolBalance', 'SolBalanceChange', 'equals']);
    const judged = await evaluateAssertions(assertions, { steps: {}, toolCalls: [], state: { value: { accounts: { A: { lamports: 1 }, C: { lamports: 2 } }, owners: {} } } }, 1_000);
    expect(judged.map(({ result, reason }) => [result, reason])).toEqual([
      ['not_evaluated', '`initial_state` gives `A` no lamports'], ['not_evaluated', '`initial_state` gives `A` no lamports'], ['passed', undefined],
    ]);
  });
});

describe('mistakes in a benchmark file', () => {
  it('never make anything but a flow or a list of problems', async () => {
    const entry = fc.record({ type: fc.oneof(fc.constantFrom('SolBalance', 'SolBalanceChange', 'TokenAccountBalance', 'steps_completed', 'array'), fc.string()), pubkey: fc.jsonValue(), expected: fc.jsonValue(), expected_gte: fc.jsonValue(), expected_lte: fc.jsonValue(), path: fc.oneof(fc.constantFrom('$.a[*].b', '$', '[*][*]', '$.x[*]'), fc.jsonValue()), tool_name: fc.jsonValue(), required: fc.jsonValue(), weight: fc.double({ min: 0, max: 2, noNaN: true }) }, { requiredKeys: [] });
    const lists = ['final_state_assertions', 'expected_tool_calls', 'expected_data_structure', 'success_criteria', 'recovery_expectations', 'expected_otel_tracking', 'something_else'];
    const truth = fc.record(Object.fromEntries(lists.map(key => [key, fc.oneof({ weight: 30, arbitrary: fc.array(entry, { maxLength: 4 }) }, { weight: 1, arbitrary: fc.jsonValue() })])), { requiredKeys: [] });
    let taken = 0;
    await fc.assert(fc.asyncProperty(truth, fc.jsonValue(), async (ground, prompt) => {
      const text = JSON.stringify({ id: 'x', prompt: typeof prompt === 'string' ? prompt : 'p', ground_truth: ground, initial_state: [] }, null, 1);
      try {
        const loaded = await readBenchmarkText(text, 'b.yml');
        taken++;
        const entries = Object.values(ground).flatMap(list => (Array.isArray(list) ? list.filter(one => typeof one === 'object' && one !== null && !Array.isArray(one)) : []));
        expect(loaded?.definition.assertions?.length ?? 0).toBeGreaterThanOrEqual(entries.length);
      } catch (error) {
        if (!isFlowError(error, 'definition_invalid')) throw error;
      }
    }), { numRuns: 60 });
    expect(taken).toBeGreaterThan(20);
  });

  it('are all reported with their line', async () => {
    expect(await problemsOf('id: x\nprompt: 3\nflow_type: dynamik\ninitial_state:\n  - { pubkey: A, lamports: -1 }\nflow:\n  - { step: 1, prompt: a, timeout: 0 }\nground_truth: { min_score: 2 }\n')).toEqual([
      '2:9 invalid_value Expected `prompt` to be what the agent is asked, got `3` (number)',
      '3:12 invalid_value Expected `flow_type` to be `static` or `dynamic`, got `dynamik` (string); did you mean `dynamic`?',
      '5:5 missing_key Expected `initial_state[0].owner` to be the program the account belongs to, got nothing',
      '5:28 invalid_value Expected `initial_state[0].lamports` to be a number of lamports, 0 or more, got `-1` (number)',
      '7:36 invalid_value Expected `flow[0].timeout` to be a number of seconds above 0, got `0` (number)',
      '8:28 invalid_value Expected `ground_truth.min_score` to be a number from 0 to 1, got `2` (number)',
    ]);
  });

  it('include dependencies on what is not there', async () => {
    expect(await problemsOf('id: x\nprompt: a\nground_truth: {}\nflow:\n  - { step: 1, prompt: a }\n  - { step: 2, prompt: b, depends_on: [step_3_result] }\n  - { step: 2, prompt: c, depends_on: [step_2_result] }\n')).toEqual([
      '6:40 unknown_step Expected `flow[1].depends_on[0]` to name the result of a step of this file (step_1_result, step_2_result), got `step_3_result`; did you mean `step_1_result`?',
      '7:13 duplicate_step Expected every step to have a number of its own, got 2 a second time; the first is `flow[1]`',
      '7:40 dependency_cycle Expected no step to wait for itself, got `step_2_result` in step 2',
    ]);
  });
});

describe('contradictions in the predecessor\'s files', () => {
  it.each([
    ['001-sol-transfer.yml', ['22 weights_not_one 2']],
    ['110-jup-lend-deposit-sol.yml', ['19 holds_from_start final_state_1']],
    ['100-jup-swap-sol-usdc.yml', ['30 weights_not_one 2']],
    ['112-jup-lend-withdraw-sol.yml', []],
    ['200-jup-swap-then-lend-deposit.yml', ['37 weights_not_one 0.7', '44 account_unknown `USER_USDC_ATA_PLACEHOLDER`', '68 assertion_unknown final_balance_positive']],
  ])('%s', async (file, expected) => {
    expect(await doubtsOf(file)).toEqual(expected);
  });

  it.each([
    ['300-jup-swap-then-lend-deposit-dyn.yml', ['49 bounds_narrow 45000000', '55 weights_not_one 0.9']],
    ['301-dynamic-yield-optimization.yml', ['40 bounds_contradict at most 75000000', '47 bounds_contradict at most 70000000', '53 weights_not_one 0.9', '92 weights_not_one 0.9']],
    ['303-risk-adjusted-growth.yml', ['48 bounds_narrow 70000000', '56 bounds_contradict at most 65000000', '68 weights_not_one 0.75', '113 weights_not_one 0.85']],
    ['305-yield-farming-optimization.yml', ['34 assertion_unknown MultiPoolDiversification, CapitalReserve', '78 weights_not_one 0.8', '140 weights_not_one 0.95', '203 weights_not_one 0.55']],
  ])('%s', async (file, expected) => {
    const doubts = await doubtsOf(file);
    expect(doubts.filter(one => !/assertion_unknown/.test(one) || expected.includes(one))).toEqual(expected);
    expect(doubts.filter(one => /assertion_unknown/.test(one)).length).toBeGreaterThan(2);
  });
});
