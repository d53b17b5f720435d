import { isDeepStrictEqual } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import type { Records } from '../../persistence/store.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowDefinition } from '../../src/definition/schema.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import type { RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createFlowModel } from '../../src/testing/flow-model.ts';
import type { MachinePathOptions } from '../../src/testing/machine-paths.ts';
import { generatePaths } from '../../src/testing/machine-paths.ts';
import { walkBySeed } from '../../src/testing/random-path.ts';
import { runMachinePath } from '../../src/testing/run-machine-path.ts';
import { runPath } from '../../src/testing/run-path.ts';
import { scriptFlow } from '../../src/testing/script-flow.ts';
import type { TestFlowOptions } from '../../src/testing/test-flow.ts';
import { testFlow } from '../../src/testing/test-flow.ts';
import { planSimulation } from '../simulation/plan-simulation.ts';
import type { Ledger } from './recorded-store.ts';
import { createLedger, recordCommits } from './recorded-store.ts';
import type { Stepped } from './stepped-runtime.ts';
import { createStepped, openStepped, openSteppedActors } from './stepped-runtime.ts';

interface Noted {
  readonly ledger: Ledger;
  readonly calls: string[];
}

type Open = (options: RuntimeOptions) => ReturnType<typeof createRuntime>;

/** What two runs of the same paths, of which one was stepped, had that was not the same. */
export interface Comparison {
  readonly paths: number;
  /** Paths that went another way than generated, or than without stepping. */
  readonly failed: readonly unknown[];
  readonly differing: readonly unknown[];
  readonly seen: Stepped;
}

/** Writes down each path's commits and handler calls. */
const noted = (open: Open, records: Noted[]): Open => options => {
  const record: Noted = { ledger: createLedger(), calls: [] };
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
 * Whether a handler that was cut off still answers before all is over, only to be ignored, depends on its own time: left out.
 */
function describe({ ledger, calls }: Noted): string {
  const journals = [...ledger.journals].map(([key, entries]) => {
    const counted = (entries as [number, string, { type: string }, string | null][]).filter(([, , { type }, state]) => state !== null || !type.startsWith('attempt.'));
    const byActor = Map.groupBy(counted, ([, address]) => address);
    const own = (byActor.get('') ?? []).map(([at, , { type }]) => `${at} ${type}`).toSorted();
    byActor.delete('');
    return [key, own, [...byActor].toSorted(([a], [b]) => (a < b ? -1 : 1))];
  });
  return JSON.stringify([journals, [...ledger.actors], calls.toSorted()]).replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID');
}

function findDiffering(plain: readonly Noted[], stepped: readonly Noted[]): unknown[] {
  return plain.flatMap((one, index) => {
    const other = stepped[index];
    const [expected, found] = [one, other].map(record => (record ? describe(record) : ''));
    return expected === found ? [] : [{ path: index, expected, found }];
  });
}

/** Runs every path of a flow twice, once stepped from its start to its end. */
export async function compareFlow(flow: FlowDefinition, options: TestFlowOptions = {}): Promise<Comparison> {
  const plain: Noted[] = [];
  const stepped: Noted[] = [];
  const seen = createStepped();
  const before = await testFlow(flow, { ...options, open: noted(createRuntime, plain) });
  const after = await testFlow(flow, { ...options, open: noted(each => openStepped(each, seen), stepped) });
  const failed = [...before.paths, ...after.paths].filter(({ passed }) => !passed).map(({ name, divergences }) => ({ name, divergences }));
  return { paths: before.paths.length, failed, differing: findDiffering(plain, stepped), seen };
}

/** The same of a machine of people's own. */
export async function compareMachine(machine: AnyStateMachine, options: MachinePathOptions<AnyStateMachine> = {}): Promise<Comparison> {
  const plain: Noted[] = [];
  const stepped: Noted[] = [];
  const seen = createStepped();
  const failed: unknown[] = [];
  const { paths } = generatePaths(machine, options);
  for (const path of paths) {
    const { divergences: before } = await runMachinePath(machine, path, undefined, noted(createRuntime, plain));
    const { divergences: after } = await runMachinePath(machine, path, undefined, noted(each => openSteppedActors(each, seen), stepped));
    // One that speaks to its parent fails where it has none: in the same way.
    if (!isDeepStrictEqual(before, after)) failed.push({ name: path.name, before, after });
  }
  return { paths: paths.length, failed, differing: findDiffering(plain, stepped), seen };
}

/** The same of three flows made from a seed, each by one walk that the seed decides. */
export async function compareRandomFlows(seed: number): Promise<Comparison> {
  const plain: Noted[] = [];
  const stepped: Noted[] = [];
  const seen = createStepped();
  const failed: unknown[] = [];
  const { flows } = planSimulation(seed);
  for (const source of flows) {
    const model = createFlowModel(scriptFlow(defineFlow(source)));
    const path = walkBySeed(model, seed);
    for (const open of [noted(createRuntime, plain), noted(each => openStepped(each, seen), stepped)]) {
      const { divergences } = await runPath(model, path, { open });
      if (divergences.length > 0) failed.push({ seed, id: source.id, divergences });
    }
  }
  return { paths: flows.length, failed, differing: findDiffering(plain, stepped), seen };
}
