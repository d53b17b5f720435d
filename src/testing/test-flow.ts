import type { FlowDefinition } from '../definition/schema.ts';
import type { Divergence } from './compare-state.ts';
import { crashPath } from './crash-path.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowPath, FlowPathOptions } from './flow-paths.ts';
import { generateFlowPaths } from './flow-paths.ts';
import { walkBySeed } from './random-path.ts';
import type { RunPathOptions } from './run-path.ts';
import { runPath } from './run-path.ts';
import { scriptFlow } from './script-flow.ts';

export interface TestFlowOptions extends FlowPathOptions, Pick<RunPathOptions, 'store' | 'open'> {
  /** Runs every path again with a crash at every commit. Default false. */
  readonly crash?: boolean;
  /** Random walks beside the generated paths. Default 0. */
  readonly seeds?: number;
  /** Told after every path. */
  readonly onProgress?: (progress: TestProgress) => void;
}

export interface TestProgress {
  readonly done: number;
  readonly total: number;
  readonly path: string;
  readonly crashes: number;
  readonly divergences: number;
}

export interface PathReport {
  readonly name: string;
  readonly events: FlowPath['events'];
  readonly passed: boolean;
  readonly divergences: readonly Divergence[];
  /** Seed of a random walk. */
  readonly seed?: number;
}

/** What came of running every path of a flow. */
export interface FlowTestReport {
  readonly flowId: string;
  readonly passed: boolean;
  /** Transitions and guard outcomes. */
  readonly transitions: { readonly covered: number; readonly total: number };
  readonly covered: readonly string[];
  readonly uncovered: readonly string[];
  /** A bound ended the search for paths. */
  readonly truncated: boolean;
  readonly paths: readonly PathReport[];
  readonly commits: number;
  readonly crashes: number;
  readonly recoveries: number;
  readonly divergences: number;
}

/**
 * Runs every way a flow can go against the real runtime, with generated outcomes in place of its tools.
 *
 * Needs no tools, touches no files (but for a temporary folder with `store: 'sqlite'`) and lets no real time pass.
 */
export async function testFlow(definition: FlowDefinition, options: TestFlowOptions = {}): Promise<FlowTestReport> {
  const { crash = false, seeds = 0, store, open, onProgress, ...generation } = options;
  const set = generateFlowPaths(definition, generation);
  const model = createFlowModel(scriptFlow(definition));
  const walks: { path: FlowPath; seed?: number }[] = set.paths.map(path => ({ path }));
  for (let seed = 1; seed <= seeds; seed++) walks.push({ path: walkBySeed(model, seed), seed });
  const running = { ...(store && { store }), ...(open && { open }) };
  const paths: PathReport[] = [];
  const sums = { commits: 0, crashes: 0, recoveries: 0, divergences: 0 };
  for (const { path, seed } of walks) {
    const run = await (crash ? crashPath(model, path, running) : runPath(model, path, running)).catch(toRun);
    sums.commits += run.commits;
    sums.crashes += run.crashes;
    sums.recoveries += run.recoveries;
    sums.divergences += run.divergences.length;
    paths.push({ name: path.name, events: path.events, passed: run.divergences.length === 0, divergences: run.divergences, ...(seed !== undefined && { seed }) });
    onProgress?.({ done: paths.length, total: walks.length, path: path.name, crashes: sums.crashes, divergences: sums.divergences });
  }
  return {
    flowId: definition.id,
    passed: sums.divergences === 0,
    transitions: { covered: set.covered.length, total: set.covered.length + set.uncovered.length },
    covered: set.covered,
    uncovered: set.uncovered,
    truncated: set.truncated,
    paths,
    ...sums,
  };
}

/** A path that could not be followed at all diverges as much as one that ended elsewhere. */
function toRun(error: unknown): { commits: number; crashes: number; recoveries: number; divergences: Divergence[] } {
  const found = error instanceof Error ? error.message : String(error);
  return { commits: 0, crashes: 0, recoveries: 0, divergences: [{ at: 'path', what: 'run', expected: 'the runtime follows it', found }] };
}
