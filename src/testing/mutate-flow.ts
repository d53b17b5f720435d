import { isDeepStrictEqual } from 'node:util';
import { FlowError } from '../core/errors.ts';
import { compileFlow } from '../definition/compile-flow.ts';
import type { StepGraph } from '../definition/graph.ts';
import { listAncestors } from '../definition/graph.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { FlowMutant } from './flow-mutants.ts';
import { listFlowMutants } from './flow-mutants.ts';
import type { FlowModel } from './flow-model.ts';
import type { FlowTree } from '../kernel/tree.ts';
import { isFanOut } from '../kernel/tree.ts';
import { createOwnModel } from './own-flow.ts';
import type { OwnPath } from './own-paths.ts';
import { replayOwn } from './own-walk.ts';

/** A change of a flow that no path noticed. */
export interface Survivor {
  readonly name: string;
  /** Why no path can tell, or what is missing for one that could. */
  readonly reason: string;
  /** Whether a path could tell it, with other values or more paths. */
  readonly telling: boolean;
}

export interface MutationReport {
  readonly flowId: string;
  readonly mutants: number;
  /** Those that made a path fail. */
  readonly killed: number;
  readonly survivors: readonly Survivor[];
}

/**
 * Changes a flow in every small way and follows its paths with each: one of them has to go another way.
 *
 * What a path is compared by is what the flow does: calls with their inputs, states, times, outputs.
 */
export async function mutateFlow(definition: FlowDefinition, paths: readonly OwnPath[], onProgress?: (done: number, total: number) => void): Promise<MutationReport> {
  const mutants = listFlowMutants(definition);
  const survivors: Survivor[] = [];
  for (const [index, mutant] of mutants.entries()) {
    if (!(await isNoticed(mutant, paths))) survivors.push({ name: mutant.name, ...(await explain(definition, mutant, paths)) });
    onProgress?.(index + 1, mutants.length);
  }
  return { flowId: definition.id, mutants: mutants.length, killed: mutants.length - survivors.length, survivors };
}

/**
 * Fails when a change of the flow goes unnoticed by its paths; for a test beside those of the paths.
 *
 * @throws a `FlowError` with code `mutants_survived` that lists the changes, each with what is missing
 */
export async function proveMutants(definition: FlowDefinition, paths: readonly OwnPath[]): Promise<MutationReport> {
  const report = await mutateFlow(definition, paths);
  const telling = report.survivors.filter(survivor => survivor.telling);
  if (telling.length === 0) return report;
  const lines = telling.map(({ name, reason }) => `  ${name}: ${reason}`);
  throw new FlowError('mutants_survived', [`Expected a path to fail for every change of the flow \`${definition.id}\`, ${telling.length} of ${report.mutants} went unnoticed:`, ...lines].join('\n'), { details: { survivors: telling } });
}

/** Whether a flow, with the same done to it, does the same; one that cannot be followed does not. */
async function goesTheSameWay(model: FlowModel, { input, events, happens }: OwnPath): Promise<boolean> {
  try {
    return isDeepStrictEqual((await replayOwn(model, input, events)).happens, happens);
  } catch {
    return false;
  }
}

async function isNoticed({ definition, stepId }: FlowMutant, paths: readonly OwnPath[]): Promise<boolean> {
  const model = createOwnModel(definition);
  for (const path of sortByInterest(paths, stepId)) if (!(await goesTheSameWay(model, path))) return true;
  return false;
}

/** Those first on which something special happens to the step: they fail the soonest. */
function sortByInterest(paths: readonly OwnPath[], stepId: string | undefined): readonly OwnPath[] {
  const isSpecial = ({ name }: OwnPath): number => (stepId !== undefined && name.includes(stepId) ? 0 : 1);
  const [first, ...rest] = paths;
  return first ? [first, ...rest.toSorted((a, b) => isSpecial(a) - isSpecial(b))] : [];
}

async function explain(definition: FlowDefinition, mutant: FlowMutant, paths: readonly OwnPath[]): Promise<Omit<Survivor, 'name'>> {
  const { stepId, key, name } = mutant;
  const plan = compileFlow(definition);
  const runs = (id: string): boolean => paths.some(path => path.happens.some(lines => lines.some(line => line.startsWith(`${id} `) && !line.startsWith(`${id} is skipped`))));
  if (stepId === undefined) return explainFlow(mutant, plan, paths);
  if (!runs(stepId)) return { reason: `${stepId} begins on no path: give values with which it does`, telling: true };
  const implied = key === 'depends_on' ? findImplied(plan, stepId, name.replace(/^.* without /, '')) : undefined;
  if (implied !== undefined) return { reason: implied, telling: false };
  if (key === 'weight' && !paths.some(path => weighs(path, stepId))) return { reason: `wherever ${stepId} counts the score is 0 or 1`, telling: false };
  const step = plan.steps[plan.positions.get(stepId) ?? -1];
  if (key === 'critical' && step?.role === 'sleep' && (step.with?.references.length ?? 0) === 0) return { reason: `${stepId} only sleeps, and cannot fail`, telling: false };
  if (key === 'critical' && plan.mode === 'lenient') return { reason: 'in a lenient flow no failure holds anything up', telling: false };
  if (mutant.inExpression) return { reason: 'needs values: none were found with which it comes out differently', telling: false };
  return { reason: key === 'when' || key === 'for_each' || key.startsWith('with') ? 'needs values with which it comes out differently' : `all ${paths.length} paths go the same way`, telling: true };
}

/** Whether a step counts on a path that ends with a score between 0 and 1. */
function weighs({ happens }: OwnPath, stepId: string): boolean {
  const lines = happens.flat();
  const counts = lines.some(line => line.startsWith(`${stepId} completes`) || line.startsWith(`${stepId} is failed`));
  return counts && hasScore({ happens }, score => score > 0 && score < 1);
}

function hasScore({ happens }: Pick<OwnPath, 'happens'>, isWanted: (score: number) => boolean): boolean {
  const end = happens.flat().findLast(line => line.startsWith('the flow is ')) ?? '';
  const score = /^the flow is \w+ with ([\d.]+),/.exec(end)?.[1];
  return score !== undefined && isWanted(Number(score));
}

async function explainFlow({ key, definition }: FlowMutant, plan: FlowPlan, paths: readonly OwnPath[]): Promise<Omit<Survivor, 'name'>> {
  // Every step that may fail does so on a path, before others and after them.
  if (key === 'mode' || key === 'on_halt') return { reason: 'whatever fails, it keeps nothing from running that would run', telling: false };
  if (key === 'min_score') {
    const [low, high] = [plan.minScore, definition.min_score].toSorted((one, other) => one - other) as [number, number];
    const isTold = paths.some(path => hasScore(path, score => score > 0 && score >= low && score < high));
    return { reason: isTold ? `all ${paths.length} paths go the same way` : `no score but 0 is between ${low} and ${high}`, telling: isTold };
  }
  if (key !== 'concurrency') return { reason: 'no path reaches it', telling: true };
  // With the higher limit: what would want to run beyond the lower one.
  const model = createOwnModel({ ...definition, concurrency: Math.max(definition.concurrency, plan.concurrency) });
  let most = 0;
  for (const { input, events } of paths) for (const { tree } of (await replayOwn(model, input, events)).states) most = Math.max(most, countAtWork(tree));
  const isTold = most > Math.min(definition.concurrency, plan.concurrency);
  return isTold ? { reason: `all ${paths.length} paths go the same way`, telling: true } : { reason: `never do more than ${most} want to run at the same time`, telling: false };
}

/** Steps and items that hold a slot. */
function countAtWork({ actors }: FlowTree): number {
  let count = 0;
  for (const actor of actors.values()) for (const one of isFanOut(actor) ? [actor, ...actor.items.values()] : [actor]) if (one.holdsSlot) count++;
  return count;
}

/** Why a dependency changes nothing: another one waits for the same step, whose failure holds nobody up. */
function findImplied(plan: FlowPlan, stepId: string, upstream: string): string | undefined {
  const at = plan.positions.get(upstream);
  const step = plan.steps[plan.positions.get(stepId) ?? -1];
  const source = at === undefined ? undefined : plan.steps[at];
  if (!step || !source) return undefined;
  const graph: StepGraph = { upstream: plan.steps.map(({ dependsOn }) => dependsOn), downstream: [] };
  const through = step.dependsOn.find(other => other !== at && listAncestors(graph, other).includes(source.position));
  if (through === undefined) return undefined;
  return `${plan.steps[through]?.id} waits for ${upstream}, too, so that nothing begins earlier without it`;
}
