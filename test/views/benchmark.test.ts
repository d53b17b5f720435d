import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createFolder, killAll, run, start } from './program-harness.ts';

const root = join(import.meta.dirname, '../..');
const tools = join(root, 'docs/examples/ledger/tools.ts');

afterEach(killAll);

interface Document {
  readonly score: number;
  readonly passed: boolean;
  readonly steps: readonly { readonly stepId: string; readonly status: string; readonly reason?: { readonly code: string }; readonly output?: unknown }[];
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
});

it('comes to the same ledger when the process is killed in the middle', async () => {
  const folder = createFolder();
  try {
    const env = { FLOWSTONE_DB: join(folder.path, 'own.db') };
    const argv = ['run', join(root, 'docs/examples/ledger/swap-then-lend.yml'), '--tools', tools];
    const plain = JSON.parse((await run([...argv, '--json'], folder.path, { FLOWSTONE_DB: join(folder.path, 'plain.db') })).stdout) as { steps: readonly { output: unknown }[] };
    const killed = start(argv, folder.path, env);
    await killed.saw('jupiter_swap');
    killed.kill('SIGKILL');
    await killed.ended;
    const ended = await run([...argv, '--json'], folder.path, env);
    const document = JSON.parse(ended.stdout) as Document;
    expect([ended.code, document.score]).toEqual([0, 1]);
    expect(document.steps.map(({ output }) => output)).toEqual(plain.steps.map(({ output }) => output));
  } finally {
    folder.remove();
  }
});
