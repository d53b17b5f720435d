import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { FlowWorld } from './flow-values.ts';
import type { Ending, Plot } from './plot.ts';

/**
 * Everything that may go differently at one place of a flow, one at a time: each step failing, trying again, running out
 * of time, coming last, being recovered.
 */
export function listPlots(plan: FlowPlan, world: FlowWorld): Plot[] {
  const plots: Plot[] = [{ world }];
  const add = (plot: Omit<Plot, 'world'>): unknown => plots.push({ world, ...plot });
  for (const step of plan.steps) {
    for (const endings of listEndings(plan, step)) {
      for (const place of step.forEach ? [`${step.id}[0]`, step.id] : [step.id]) add({ endings: { ...listNeeded(plan, step), [place]: endings } });
    }
    if (step.role !== 'sleep') add({ endings: listNeeded(plan, step), last: step.id });
    // Whatever it would keep from running has not begun.
    if (step.role !== 'sleep' && step.role !== 'signal' && step.critical) add({ endings: { ...listNeeded(plan, step), [step.id]: ['fail for good'] }, first: step.id });
    if (step.role === 'signal') add({ early: step.id });
    plots.push(...listRecoveries(plan, step).map(plot => ({ world, ...plot })));
  }
  return plots;
}

/** How others have to end so that a step runs: one that stands in for another one does only when that has failed. */
export function listNeeded({ steps }: FlowPlan, { alternativeOf }: PlannedStep): NonNullable<Plot['endings']> {
  const original = alternativeOf === null ? undefined : steps[alternativeOf]?.id;
  return original === undefined ? {} : { [original]: ['fail for good'] };
}

function listEndings({ timeoutMs }: FlowPlan, step: PlannedStep): readonly (readonly Ending[])[] {
  const endings: (readonly Ending[])[] = [];
  const attempts = step.retry.maxAttempts + (step.recover?.retry?.maxAttempts ?? 0);
  const again = step.role === 'task' && attempts > 1;
  if (step.role !== 'signal' && step.role !== 'sleep') endings.push(['fail for good']);
  if (again) endings.push(['fail'], ['fail', 'complete']);
  if (step.role === 'sleep' || (step.timeoutMs === null && timeoutMs === null)) return endings;
  endings.push(['wait']);
  if (again && step.timeoutMs !== null) endings.push(['wait', 'complete']);
  return endings;
}

function listRecoveries({ steps }: FlowPlan, { id, recover }: PlannedStep): Omit<Plot, 'world'>[] {
  if (!recover) return [];
  const failed = { [id]: ['fail for good'] as const };
  const alternative = recover.alternative === null ? undefined : steps[recover.alternative]?.id;
  const ends = alternative === undefined ? failed : { ...failed, [alternative]: ['fail for good'] as const };
  const plots: Omit<Plot, 'world'>[] = alternative === undefined ? [] : [{ endings: failed }, { endings: ends }];
  if (!recover.ask) return plots;
  for (const answers of [['use'], ['skip'], ['fail'], ['retry'], ['retry', 'use'], []] as const) plots.push({ endings: ends, answers: { [id]: answers } });
  plots.push({ endings: { ...ends, [id]: ['fail for good', 'complete'] }, answers: { [id]: ['retry'] } });
  return plots;
}
