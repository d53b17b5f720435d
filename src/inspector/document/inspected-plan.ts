import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import type { FlowDefinition } from '../../definition/schema.ts';

/** A value of the definition, without what evaluates it. */
export interface InspectedValue {
  readonly constant: boolean;
  /** Only of a constant. */
  readonly value?: unknown;
  /** Steps whose outputs it reads, by id. */
  readonly references: readonly string[];
}

/** A step of a plan as plain JSON: all that the machines and the kernel need, and what a page shows. */
export interface InspectedStep
  extends Pick<PlannedStep, 'id' | 'uses' | 'role' | 'target' | 'dependsOn' | 'critical' | 'always' | 'weight' | 'timeoutMs' | 'expectedMs' | 'retry' | 'recover' | 'alternativeOf' | 'concurrency' | 'onItemFailure'> {
  readonly with: InspectedValue | null;
  readonly when: InspectedValue | null;
  readonly forEach: InspectedValue | null;
  /** Names of the models it may ask, in their order. */
  readonly models: readonly string[];
}

/** A plan as plain JSON. */
export interface InspectedPlan extends Pick<FlowPlan, 'digest' | 'mode' | 'onHalt' | 'concurrency' | 'timeoutMs' | 'minScore' | 'consolidation' | 'assertions'> {
  readonly definition: FlowDefinition;
  readonly steps: readonly InspectedStep[];
  /** Whether the state is read at the end. */
  readonly hasState: boolean;
}

const toInspectedValue = (value: PlannedStep['with']): InspectedValue | null =>
  value && { constant: value.constant, ...(value.constant && { value: value.value }), references: value.references };

function toInspectedStep(step: PlannedStep): InspectedStep {
  const { id, uses, role, target, dependsOn, critical, always, weight, timeoutMs, expectedMs, retry, recover, alternativeOf, concurrency, onItemFailure, models } = step;
  return {
    id, uses, role, target, dependsOn, critical, always, weight, timeoutMs, expectedMs, retry, recover, alternativeOf, concurrency, onItemFailure,
    with: toInspectedValue(step.with), when: toInspectedValue(step.when), forEach: toInspectedValue(step.forEach),
    models: models.map(({ model }) => model),
  };
}

/** Takes what can be written as JSON out of a plan. */
export function toInspectedPlan(plan: FlowPlan): InspectedPlan {
  const { definition, digest, mode, onHalt, concurrency, timeoutMs, minScore, consolidation, assertions, state } = plan;
  return { definition, digest, mode, onHalt, concurrency, timeoutMs, minScore, consolidation, assertions, hasState: state !== null, steps: plan.steps.map(toInspectedStep) };
}
