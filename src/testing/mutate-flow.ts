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
    if (!(await isNoticed(mutant, paths))) survivors.push({ name: mutant.name, ...explain(definition, mutant, paths) });
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

function explain(definition: FlowDefinition, { stepId, key, name }: FlowMutant, paths: readonly OwnPath[]): Omit<Survivor, 'name'> {
  const plan = compileFlow(definition);
  const runs = (id: string): boolean => paths.some(path => path.happens.some(lines => lines.some(line => line.startsWith(`${id} `) && !line.startsWith(`${id} is skipped`))));
  if (stepId === undefined) return { reason: 'no path reaches it', telling: true };
  if (!runs(stepId)) return { reason: `${stepId} begins on no path: give values with which it does`, telling: true };
  const implied = key === 'depends_on' ? findImplied(plan, stepId, name.replace(/^.* without /, '')) : undefined;
  if (implied !== undefined) return { reason: implied, telling: false };
  const step = plan.steps[plan.positions.get(stepId) ?? -1];
  if (key === 'critical' && step?.kind === 'sleep' && (step.with?.references.length ?? 0) === 0) return { reason: `${stepId} only sleeps, and cannot fail`, telling: false };
  if (key === 'critical' && plan.mode === 'lenient') return { reason: 'in a lenient flow no failure holds anything up', telling: false };
  return { reason: key === 'when' || key === 'for_each' || key.startsWith('with') ? 'needs values with which it comes out differently' : `all ${paths.length} paths go the same way`, telling: true };
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
