import type { FlowModel } from './flow-model.ts';
import type { OwnPath } from './own-paths.ts';
import type { OwnWalk } from './own-walk.ts';
import { replayOwn } from './own-walk.ts';
import { toPlace } from './path-event.ts';
import type { PathRun, RunPathOptions } from './run-path.ts';
import { runPath } from './run-path.ts';

/** Drives the real runtime along a path on which the flow's own expressions decide, and compares it with the walk of it. */
export async function runOwnPath(model: FlowModel, path: OwnPath, options: Omit<RunPathOptions, 'walk' | 'outputOf' | 'crash'>, walked?: OwnWalk): Promise<PathRun> {
  const { events, states } = walked ?? (await replayOwn(model, path.input, path.events));
  const outputs = new Map<string, unknown>();
  // Of each item its own.
  for (const event of events) if ('output' in event && event.output !== undefined) outputs.set(toPlace(event), event.output);
  return runPath(model, { name: path.name, events }, { ...options, walk: { input: path.input, states }, outputOf: place => outputs.get(place) });
}
