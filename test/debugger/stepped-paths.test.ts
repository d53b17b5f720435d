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

const isWhole = process.env['FLOWSTONE_ALL_PATHS'] !== undefined;
/** Those with many steps take minutes. */
const large = ['docs/examples/planning-pipeline.yml', 'docs/examples/project-report.yml'];
const examples = globSync('docs/examples/*.yml', { cwd: join(import.meta.dirname, '../..') }).toSorted().filter(file => isWhole || !large.includes(file));
/** Paths of each: all of them when `FLOWSTONE_ALL_PATHS` is set. */
const bound = isWhole ? {} : { maxPaths: 3 };

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

/**
 * What was stored and called, so that two runs can be compared. Ids of executions differ from run to run. Expressions that are
 * evaluated at the same time answer in any order: what each actor took is in order, what the flow was told by them is counted.
 */
function describeRecord({ ledger, calls }: Record): string {
  const journals = [...ledger.journals].map(([key, entries]) => {
    const byActor = Map.groupBy(entries as [number, string, { type: string }, string | null][], ([, address]) => address);
    const own = (byActor.get('') ?? []).map(([at, , { type }]) => `${at} ${type}`).toSorted();
    byActor.delete('');
    return [key, own, [...byActor].toSorted(([a], [b]) => (a < b ? -1 : 1))];
  });
  return JSON.stringify([journals, calls.toSorted()]).replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID');
}

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
    const [expected, found] = [one, other].map(record => (record ? describeRecord(record) : ''));
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
    for (const seed of isWhole ? [1, 4, 9] : [4]) {
      for (const source of planSimulation(seed).flows) {
        const { failed, differing, seen } = await compare(defineFlow(source), { seeds: 1, maxPaths: 2 });
        expect({ seed, id: source.id, failed, differing, wrong: seen.wrong }).toEqual({ seed, id: source.id, failed: [], differing: [], wrong: [] });
      }
    }
  });
});
