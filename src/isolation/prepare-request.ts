import type { FlowPlan } from '../definition/plan.ts';
import type { PlanRegistry } from '../runtime/plan-registry.ts';
import type { ExecutionHeader } from '../runtime/rows.ts';
import type { ResolvedIsolation } from './isolation-options.ts';
import type { ProcessRequest } from './request-file.ts';
import { writeRequest } from './request-file.ts';

export type RequestLimits = ProcessRequest['limits'];

/** A flow and all that it starts, the flow itself first. */
export function collectPlans(plan: FlowPlan, registry: PlanRegistry): readonly FlowPlan[] {
  const found = new Map([[plan.definition.id, plan]]);
  // The map grows while it is walked: flows started by flows are found too.
  for (const { flows } of found.values()) {
    for (const id of flows) {
      const next = registry.find(id);
      if (next && !found.has(id)) found.set(id, next);
    }
  }
  return [...found.values()];
}

/** Writes down what a process is to run, where it will look for it. */
export function prepareRequest(
  folder: string,
  header: Pick<ExecutionHeader, 'executionId' | 'flowId' | 'input'>,
  plans: readonly FlowPlan[],
  { tools, durability, killAfterMs }: ResolvedIsolation,
  limits: RequestLimits,
): void {
  const { executionId, flowId, input } = header;
  writeRequest(folder, {
    format: 'flowstone.request', formatVersion: 1,
    executionId, flowId, input: JSON.parse(input), definitions: plans.map(({ definition }) => definition),
    tools: tools ?? null, cwd: process.cwd(), durability, stopMs: Math.floor(killAfterMs / 2), limits,
  });
}
