import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFolder, run } from './program-harness.ts';

const root = join(import.meta.dirname, '../..');
const tools = join(root, 'docs/examples/ledger/tools.ts');

interface Document {
  readonly score: number;
  readonly passed: boolean;
  readonly steps: readonly { readonly stepId: string; readonly status: string; readonly reason?: { readonly code: string } }[];
  readonly assertions: readonly { readonly id: string; readonly result: string }[];
}

it.each([
  ['003-spl-transfer-fail', 'static, in a process of its own', 0, 0.75, ['setup', 'step_1', 'step_1_result']],
  ['300-jup-swap-then-lend-deposit-dyn', 'dynamic, planned and run here', 1, 1.8 / 3.5, ['setup', 'get_account_balance', 'jupiter_swap', 'jupiter_lend_earn_deposit', 'get_account_balance_after']],
] as const)('runs %s from its file: %s', async (name, _how, code, score, steps) => {
  const folder = createFolder();
  try {
    const env = { FLOWSTONE_DB: join(folder.path, 'own.db') };
    const ended = await run(['run', join(root, `test/fixtures/reev/benchmarks/${name}.yml`), '--tools', tools, '--json'], folder.path, env);
    expect(ended.code, ended.stderr).toBe(code);
    const document = JSON.parse(ended.stdout) as Document;
    expect(document.score).toBeCloseTo(score);
    expect(document.steps.map(({ stepId }) => stepId)).toEqual(steps);
    expect(document.assertions.length).toBeGreaterThan(5);
    if (name.startsWith('003')) expect(document.steps.at(-1)).toMatchObject({ status: 'failed', reason: { code: 'insufficient_funds' } });
  } finally {
    folder.remove();
  }
}, 30_000);
