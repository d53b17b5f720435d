import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tools } from '../../docs/examples/ledger/tools.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { loadBenchmark } from '../../src/benchmark-format/load-benchmark.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { ConsolidatedSession } from '../../src/kinds/flows/consolidation/session.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { recordCommits } from '../must-hold/crash-kit.ts';

const root = join(import.meta.dirname, '../..');
const flows = [
  parseFlow(readFileSync(join(root, 'docs/examples/ledger/swap-then-lend.yml'), 'utf8'), { tools: tools.map(({ name }) => name) }),
  (await loadBenchmark(join(root, 'test/fixtures/reev/benchmarks/116-jup-lend-redeem-usdc.yml'))).definition,
];

const toOutcome = ({ score, assertions, state, steps }: ConsolidatedSession) => ({ score, assertions, state, outputs: steps.map(({ stepId, output }) => [stepId, output]) });

it.each(flows.map(flow => [flow.id, flow] as const))('whatever commit a crash follows, the ledger of %s comes out the same', async (_id, flow) => {
  const { store, copies } = recordCommits(createMemoryStore());
  const runtime = await createRuntime({ store, tools, flows: [flow] });
  const execution = await runtime.start(flow.id, { isolate: false });
  await execution.settled();
  const expected = toOutcome((await execution.consolidated()) as ConsolidatedSession);
  expect(expected.score).toBe(1);
  await runtime.stop();
  expect(copies.length).toBeGreaterThan(flow.steps.length);

  for (const copy of copies) {
    const again = await createRuntime({ store: copy.store, tools, flows: [flow] });
    await again.settled(execution.executionId);
    expect(toOutcome((await again.consolidated(execution.executionId)) as ConsolidatedSession)).toEqual(expected);
    await again.stop();
  }
});
