import type { FlowDefinition } from '../definition/schema.ts';
import type { Divergence } from './compare-state.ts';
import type { CrashReport } from './crash-path.ts';
import { crashPath } from './crash-path.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowPath } from './flow-paths.ts';
import type { Uncovered } from './path-set.ts';
import { walkBySeed } from './random-path.ts';
import type { RunPathOptions } from './run-path.ts';
import { runPath } from './run-path.ts';
import type { OwnPath } from './own-paths.ts';
import { runOwnPath } from './run-own-path.ts';
import type { WholePathOptions } from './whole-paths.ts';
import { makeWholePaths } from './whole-paths.ts';
import type { MutationReport } from './mutate-flow.ts';
import { mutateFlow } from './mutate-flow.ts';
import { scriptFlow } from './script-flow.ts';

export interface TestFlowOptions extends WholePathOptions, Pick<RunPathOptions, 'store' | 'open'> {
  /** Runs every path again with a crash at every commit. Default false. */
  readonly crash?: boolean;
  /** Changes the flow in every small way: each change has to make a path fail. Default false. */
  readonly mutate?: boolean;
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

type Running = Pick<RunPathOptions, 'store' | 'open'>;

/** What came of running every path of a flow. */
export interface FlowTestReport {
  readonly flowId: string;
  readonly passed: boolean;
  /** Transitions and guard outcomes. */
  readonly transitions: { readonly covered: number; readonly total: number };
  readonly covered: readonly string[];
  readonly uncovered: readonly Uncovered[];
  /** Of `mutate`. */
  readonly mutation?: MutationReport;
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
 * By its own expressions, with values from schemas, examples and their use; and with expressions that come to what a path
 * says. With `mutate` it passes only if no change that a path could tell goes unnoticed.
 *
 * Needs no tools, touches no files (but for a temporary folder with `store: 'sqlite'`) and lets no real time pass.
 */
export async function testFlow(definition: FlowDefinition, options: TestFlowOptions = {}): Promise<FlowTestReport> {
  const { crash = false, seeds = 0, mutate = false, store, open, onProgress, ...generation } = options;
  const set = await makeWholePaths(definition, generation);
  const model = createFlowModel(scriptFlow(definition));
  const walks: { path: FlowPath | OwnPath; seed?: number; run: (options: Running) => Promise<CrashReport> }[] = [];
  const add = (path: FlowPath, seed?: number): unknown =>
    walks.push({ path, ...(seed !== undefined && { seed }), run: running => (crash ? crashPath(model, path, running) : runPath(model, path, running)) });
  for (const path of set.own) walks.push({ path, run: running => runOwnPath(path.model, path, { ...running, crash }, path.walk) });
  for (const path of set.scripted) add(path);
  for (let seed = 1; seed <= seeds; seed++) add(walkBySeed(model, seed), seed);
  const running = { ...(store && { store }), ...(open && { open }) };
  const paths: PathReport[] = [];
  const sums = { commits: 0, crashes: 0, recoveries: 0, divergences: 0 };
  for (const { path, seed, run: start } of walks) {
    const run = await start(running).catch(toRun);
    sums.commits += run.commits;
    sums.crashes += run.crashes;
    sums.recoveries += run.recoveries;
    sums.divergences += run.divergences.length;
    paths.push({ name: path.name, events: path.events, passed: run.divergences.length === 0, divergences: run.divergences, ...(seed !== undefined && { seed }) });
    onProgress?.({ done: paths.length, total: walks.length, path: path.name, crashes: sums.crashes, divergences: sums.divergences });
  }
  const mutation = mutate ? await mutateFlow(definition, set.own, (done, total) => onProgress?.({ done, total, path: 'changing the flow', crashes: 0, divergences: 0 })) : undefined;
  return {
    flowId: definition.id,
    passed: sums.divergences === 0 && !mutation?.survivors.some(({ telling }) => telling),
    ...(mutation && { mutation }),
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
