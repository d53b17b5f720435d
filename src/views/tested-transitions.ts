import { Worker } from 'node:worker_threads';
import { findEntryFile } from '../core/entry-file.ts';
import { FlowError } from '../core/errors.ts';
import type { FlowSource } from '../definition/schema.ts';

/** A transition that a path of `flowstone test` takes. */
export interface TestedTransition {
  /** `''`: the flow; `scan`: a step, `scan[*]` an item of it. */
  readonly place: string;
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

/** What the tests that `flowstone test` makes of a definition take. */
export interface TestedTransitions {
  readonly paths: number;
  readonly covered: readonly TestedTransition[];
  /** Known to be possible, and on no path. */
  readonly uncovered: readonly TestedTransition[];
  /** There are more paths than were made. */
  readonly truncated: boolean;
}

export interface PathsTask {
  readonly definition: FlowSource;
  readonly maxPaths: number;
}

export type PathsOutcome =
  | { readonly covered: readonly string[]; readonly uncovered: readonly string[]; readonly paths: number; readonly truncated: boolean }
  | { readonly problem: string };

/** Paths made, at most: more of a flow of 61 steps take longer than anybody waits. */
const maxPaths = 500;

/** As path sets name a transition: `scan: running – attempt.completed [isCurrent] → completed`. */
const itemPattern = /^(.+?): (\S+) – (\S+)(?: .*)? → (\S+)$/;

function toTransitions(items: readonly string[]): TestedTransition[] {
  const found = new Map<string, TestedTransition>();
  for (const item of items) {
    const [, place = '', from = '', event = '', to = ''] = itemPattern.exec(item) ?? [];
    if (to !== '') found.set(`${place} ${from} ${event} ${to}`, { place: place === 'flow' ? '' : place, from, event, to });
  }
  return [...found.values()];
}

/**
 * Makes the paths of a definition in a thread of their own, and says which transitions they take.
 *
 * @throws a `FlowError` with code `paths_unavailable` where the flow cannot be made into paths, or in an app that was bundled
 */
export async function listTested(definition: FlowSource): Promise<TestedTransitions> {
  const file = findEntryFile('paths-thread');
  if (file === undefined) throw new FlowError('paths_unavailable', 'Expected `paths-thread` of the package beside this program, found none: it was bundled. Run `flowstone test`');
  const task: PathsTask = { definition, maxPaths };
  const outcome = await new Promise<PathsOutcome>((resolve, reject) => {
    const thread = new Worker(file, { workerData: task });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', code => reject(new Error(`the thread ended with code ${code}`)));
  });
  if ('problem' in outcome) throw new FlowError('paths_unavailable', `Expected a flow that paths can be made of: ${outcome.problem}`);
  const { covered, uncovered, ...rest } = outcome;
  return { ...rest, covered: toTransitions(covered), uncovered: toTransitions(uncovered) };
}
