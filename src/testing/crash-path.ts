import type { Divergence } from './compare-state.ts';
import type { FlowModel } from './flow-model.ts';
import type { FlowPath } from './flow-paths.ts';
import type { RunPathOptions } from './run-path.ts';
import { runPath } from './run-path.ts';
import type { CrashPoint } from './store-site.ts';

export interface CrashReport {
  /** Commits of the uninterrupted run. */
  readonly commits: number;
  readonly crashes: number;
  readonly recoveries: number;
  readonly divergences: readonly Divergence[];
}

export interface CrashPathOptions extends Omit<RunPathOptions, 'crash'> {
  /** Default: all three. */
  readonly points?: readonly CrashPoint[];
  /** One of the points at each commit, in turn. Default false. */
  readonly inTurn?: boolean;
}

const allPoints: readonly CrashPoint[] = ['before', 'after', 'torn'];

/** Whether a path can be crashed: one on which the process ends anyway, and a step gives up because of it, has its own crashes. */
function canCrash({ events }: FlowPath): boolean {
  return !events.some(({ type }) => type === 'crash');
}

/**
 * Runs a path once without and then once for every commit and way of ending there, and compares the ends.
 *
 * The process is lost at the commit, another one goes on from the bytes that were there, follows the rest of the path,
 * and must come to the same end: same states, failures, outputs and score, and no completed step begun again.
 */
export async function crashPath(model: FlowModel, path: FlowPath, options: CrashPathOptions = {}): Promise<CrashReport> {
  const { points = allPoints, inTurn = false, ...rest } = options;
  const plain = await runPath(model, path, rest);
  const divergences = [...plain.divergences];
  let { crashes, recoveries } = plain;
  if (divergences.length > 0 || !canCrash(path)) return { commits: plain.commits, crashes, recoveries, divergences };
  for (let commit = 1; commit <= plain.commits; commit++) {
    for (const point of inTurn ? points.slice(commit % points.length).slice(0, 1) : points) {
      const run = await runPath(model, path, { ...rest, crash: { commit, point } });
      crashes += run.crashes;
      recoveries += run.recoveries;
      for (const divergence of run.divergences) divergences.push({ ...divergence, at: `${divergence.at} (process ended ${point} commit ${commit})` });
    }
  }
  return { commits: plain.commits, crashes, recoveries, divergences };
}
