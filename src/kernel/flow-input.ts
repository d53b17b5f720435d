import type { FlowInput } from '../../machines/flow.ts';
import type { FlowPlan } from '../definition/plan.ts';

/** What the machine of a flow is created with. */
export function toFlowInput({ steps, concurrency, mode }: FlowPlan): FlowInput {
  const always = steps.filter(step => step.always).length;
  return { total: steps.length, concurrency, mode, ...(always > 0 && { always }) };
}
