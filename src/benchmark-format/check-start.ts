import { evaluateAssertions } from '../assertions/evaluate-assertions.ts';
import { defaultTimeLimitMs } from '../evaluator/evaluation-task.ts';
import { type AssertionDefinition, isAssertionType } from '../definition/assertion-schema.ts';
import type { Finding } from '../definition/problem.ts';
import type { Benchmark } from './benchmark-schema.ts';

/**
 * Finds a benchmark whose every expectation holds before anything is done: whatever the agent does to other accounts, it passes.
 *
 * Looked at is what can be judged and weighs anything; one expectation that does not hold from the start is enough.
 */
export async function checkStart({ initial_state: accounts }: Benchmark, assertions: readonly AssertionDefinition[]): Promise<Finding[]> {
  const known = assertions.filter(({ weight, type }) => weight > 0 && isAssertionType(type));
  if (known.length === 0 || known.some(({ path = '' }) => !path.startsWith('state'))) return [];
  const value = readStart(accounts);
  const judged = await evaluateAssertions(known, { steps: {}, toolCalls: [], state: { value }, initial: { value } }, defaultTimeLimitMs);
  if (judged.some(({ result }) => result !== 'passed')) return [];
  return [{
    code: 'holds_from_start', path: ['ground_truth', 'final_state_assertions'], expected: 'something that is not true before anything is done', found: judged.map(({ id }) => id).join(', '), atKey: true,
    message: `Everything that is expected of the final state is true from the start (${judged.map(({ id }) => id).join(', ')}): it does not show that anything was done`,
  }];
}

function readStart(accounts: Benchmark['initial_state']): { accounts: Record<string, object>; owners: Record<string, Record<string, number>> } {
  const owners: Record<string, Record<string, number>> = {};
  const shown = accounts.map(({ pubkey, lamports, data }) => {
    const amount = Number(data?.['amount']);
    if (data && Number.isFinite(amount)) (owners[String(data['owner'])] ??= {})[String(data['mint'])] = amount;
    return [pubkey, { lamports, ...(data && Number.isFinite(amount) && { amount }) }] as const;
  });
  return { accounts: Object.fromEntries(shown), owners };
}
