import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import type { FlowDefinition } from '../../src/definition/schema.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import type { RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { testFlow } from '../../src/testing/test-flow.ts';
import type { TestFlowOptions } from '../../src/testing/test-flow.ts';
import { planSimulation } from '../simulation/plan-simulation.ts';
import { swap, waits } from '../testing/flows.ts';
import type { Ledger } from './recorded-store.ts';
import { createLedger, recordCommits } from './recorded-store.ts';
import { createStepped, openStepped } from './stepped-runtime.ts';

const examples = globSync('docs/examples/*.yml', { cwd: join(import.meta.dirname, '../..') }).toSorted();
/** Paths of each: all of them when `FLOWSTONE_ALL_PATHS` is set. */
const bound = process.env['FLOWSTONE_ALL_PATHS'] ? {} : { maxPaths: 4 };

interface Record {
  readonly ledger: Ledger;
  readonly calls: string[];
}

/** Notes each path's commits and handler calls: with and without somebody who steps. */
const noted = (open: (options: RuntimeOptions) => ReturnType<typeof createRuntime>, records: Record[]) => (options: RuntimeOptions) => {
  const record: Record = { ledger: createLedger(), calls: [] };
  records.push(record);
  const tools = (options.tools ?? []).map(tool => ({
    ...tool,
    run: (call: ToolCall<never>) => {
      const { stepId, item, attempt } = call;
      record.calls.push(`${stepId} ${item} ${attempt}`);
      return tool.run(call);
    },
  }));
  return open({ ...options, tools, store: recordCommits(options.store as Records, record.ledger) });
};

/** Runs every path twice, and tells where they differ. */
async function compare(flow: FlowDefinition, options: TestFlowOptions = {}) {
  const plain: Record[] = [];
  const stepped: Record[] = [];
  const seen = createStepped();
  const before = await testFlow(flow, { ...options, open: noted(createRuntime, plain) });
  const after = await testFlow(flow, { ...options, open: noted(each => openStepped(each, seen), stepped) });
  const failed = [...before.paths, ...after.paths].filter(({ passed }) => !passed).map(({ name, divergences }) => ({ name, divergences }));
  const differing = plain.flatMap((one, index) => {
    const other = stepped[index];
    const [expected, found] = [one, other].map(record => JSON.stringify([[...(record?.ledger.journals ?? [])], record?.calls.toSorted()]));
    return expected === found ? [] : [{ path: before.paths[index]?.name, expected, found }];
  });
  return { paths: before.paths.length, failed, differing, seen };
}

describe('executions that stand still from their start on, and are stepped to their end', () => {
  it.each([...examples, swap, waits])('%# go every way of %s as those of nobody who debugs, and each preview says what its commit writes', { timeout: 300_000 }, async what => {
    const flow = typeof what === 'string' ? await loadFlow(what) : what;
    const { paths, failed, differing, seen } = await compare(flow, bound);
    expect(failed).toEqual([]);
    expect(differing).toEqual([]);
    expect(seen.wrong).toEqual([]);
    expect(seen.compared).toBeGreaterThan(paths);
  });

  it('do so in flows made at random', { timeout: 300_000 }, async () => {
    for (const seed of [1, 4]) {
      for (const source of planSimulation(seed).flows) {
        const { failed, differing, seen } = await compare(defineFlow(source), { seeds: 1, maxPaths: 2 });
        expect({ seed, id: source.id, failed, differing, wrong: seen.wrong }).toEqual({ seed, id: source.id, failed: [], differing: [], wrong: [] });
      }
    }
  });
});
