/* Makes the paths of `flowstone test` for the server that began this thread: that takes a second, of large flows several. */
import { parentPort, workerData } from 'node:worker_threads';
import { defineFlow } from './definition/define-flow.ts';
import { generateFlowPaths } from './testing/flow-paths.ts';
import type { PathsOutcome, PathsTask } from './views/tested-transitions.ts';

function makePaths({ definition, maxPaths }: PathsTask): PathsOutcome {
  try {
    const { covered, uncovered, paths, truncated } = generateFlowPaths(defineFlow(definition), { maxPaths });
    return { covered, uncovered: uncovered.map(({ item }) => item), paths: paths.length, truncated };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.postMessage(makePaths(workerData as PathsTask));
