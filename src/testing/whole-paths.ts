import type { FlowPlan } from '../definition/plan.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import { generateFlowPaths, isNever, neverReason, walkModel } from './flow-paths.ts';
import type { FlowPath, FlowPathOptions } from './flow-paths.ts';
import { createFlowModel } from './flow-model.ts';
import type { OwnPath, OwnPathOptions, WalkedPath } from './own-paths.ts';
import { makeOwnPaths } from './own-paths.ts';
import type { PathSet } from './path-set.ts';
import { scriptFlow } from './script-flow.ts';

export interface WholePathOptions extends FlowPathOptions, Omit<OwnPathOptions, 'maxPaths'> {}

export type WholePathSet = PathSet<OwnPath | FlowPath> & {
  readonly own: readonly WalkedPath[];
  /** All of those on which expressions come to what the path says. */
  readonly scripted: readonly FlowPath[];
};

export const isOwnPath = (path: OwnPath | FlowPath): path is OwnPath => 'happens' in path;

/**
 * Makes everything a flow is tested with: the ways it goes by its own expressions, and for what these do not reach (a failure
 * inside an expression, a crash, a cancel) ways on which its expressions come to what the path says.
 */
export async function makeWholePaths(definition: FlowDefinition, options: WholePathOptions = {}): Promise<WholePathSet> {
  const { tools, examples, ...generation } = options;
  const scripted = generateFlowPaths(definition, generation);
  if (scripted.strategy !== 'coverage') return { ...scripted, own: [], scripted: scripted.paths };
  const own = await makeOwnPaths(definition, { ...(tools && { tools }), ...(examples && { examples }), ...(options.maxPaths !== undefined && { maxPaths: options.maxPaths }) });
  const covered = new Set([...own.covered, ...scripted.covered]);
  const room = Math.max(0, (options.maxPaths ?? Number.POSITIVE_INFINITY) - own.paths.length);
  const rest = own.paths.length > 0 ? pickFurther(definition, scripted.paths, own.covered) : scripted.paths;
  const names = new Set(own.paths.map(({ name }) => name));
  return {
    strategy: 'coverage',
    paths: [...own.paths, ...rest.slice(0, room).map(path => (names.has(path.name) ? { ...path, name: `${path.name} (scripted)` } : path))],
    covered: [...covered],
    uncovered: [...scripted.uncovered.filter(({ item }) => !covered.has(item)), ...own.needsValues.map(item => ({ item, reason: toReason(own.model.flow.plan, item) }))],
    truncated: scripted.truncated || rest.length > room,
    own: own.paths,
    scripted: scripted.paths,
  };
}

function toReason({ steps, positions }: FlowPlan, item: string): string {
  const step = steps[positions.get(item.split(':')[0] ?? '') ?? -1];
  return step && isNever(step) ? neverReason : 'needs values';
}

/** Takes paths as long as one adds something, the one that adds most first. */
function pickFurther(definition: FlowDefinition, paths: readonly FlowPath[], known: ReadonlySet<string>): FlowPath[] {
  const model = createFlowModel(scriptFlow(definition));
  const left = new Map(paths.map(path => [path, new Set(walkModel(model, path.events).flatMap(({ items }) => items).filter(item => !known.has(item)))]));
  const picked = new Set<FlowPath>();
  for (;;) {
    const [best, items] = [...left].reduce((most, one) => (one[1].size > most[1].size ? one : most), [undefined, new Set()] as [FlowPath | undefined, Set<string>]);
    if (!best) return paths.filter(path => picked.has(path));
    picked.add(best);
    for (const other of left.values()) if (other !== items) for (const item of items) other.delete(item);
    left.delete(best);
  }
}
