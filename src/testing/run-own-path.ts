import type { CrashReport } from './crash-path.ts';
import { crashPath } from './crash-path.ts';
import type { FlowModel } from './flow-model.ts';
import type { OwnPath } from './own-paths.ts';
import type { OwnWalk } from './own-walk.ts';
import { replayOwn } from './own-walk.ts';
import { toPlace } from './path-event.ts';
import type { RunPathOptions } from './run-path.ts';
import { runPath } from './run-path.ts';

export interface RunOwnPathOptions extends Omit<RunPathOptions, 'walk' | 'outputOf' | 'crash'> {
  /** Runs it again with a crash at every commit, before it, after it and in the middle of it in turn. Default false. */
  readonly crash?: boolean;
}

/** Drives the real runtime along a path on which the flow's own expressions decide, and compares it with the walk of it. */
export async function runOwnPath(model: FlowModel, path: OwnPath, { crash = false, ...options }: RunOwnPathOptions, walked?: OwnWalk): Promise<CrashReport> {
  const { events, states } = walked ?? (await replayOwn(model, path.input, path.events));
  const outputs = new Map<string, unknown>();
  // Of each item its own.
  for (const event of events) if ('output' in event && event.output !== undefined) outputs.set(toPlace(event), event.output);
  const way = { ...options, walk: { input: path.input, states }, outputOf: (place: string) => outputs.get(place) };
  // There are many of them, most of which share their commits.
  return crash ? crashPath(model, { name: path.name, events }, { ...way, inTurn: true }) : runPath(model, { name: path.name, events }, way);
}
