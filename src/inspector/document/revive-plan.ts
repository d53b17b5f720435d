import { FlowError } from '../../core/errors.ts';
import type { CompiledValue, FlowPlan, PlannedStep } from '../../definition/plan.ts';
import { readUses } from '../../definition/step-kinds.ts';
import type { InspectedPlan, InspectedValue } from './inspected-plan.ts';

function reviveValue(value: InspectedValue | null): CompiledValue | null {
  if (!value) return null;
  return {
    constant: value.constant, value: value.value, references: value.references, artifactsOf: [],
    evaluate: () => Promise.reject(new FlowError('expression_failed', 'Expected the values of an inspected flow to be given, got an expression to evaluate. Give its value')),
  };
}

/** A plan that the kernel takes, of one that was written as JSON. Its expressions cannot be evaluated. */
export function revivePlan(plain: InspectedPlan): FlowPlan {
  const { definition, digest, mode, onHalt, concurrency, timeoutMs, minScore, consolidation, assertions, hasState } = plain;
  const dependents = plain.steps.map((): number[] => []);
  for (const [position, { dependsOn }] of plain.steps.entries()) for (const upstream of dependsOn) dependents[upstream]?.push(position);
  const steps = plain.steps.map((step, position): PlannedStep => ({
    ...step, position, kind: readUses(step.uses)?.kind ?? { name: step.uses, form: step.uses, role: step.role },
    dependents: dependents[position] ?? [],
    with: reviveValue(step.with), when: reviveValue(step.when), forEach: reviveValue(step.forEach),
    artifacts: [], models: step.models.map(model => ({ model, attempts: 1, timeoutMs: null })),
  }));
  return {
    definition, digest, mode, onHalt, concurrency, timeoutMs, minScore, consolidation, assertions, steps,
    positions: new Map(steps.map(({ id, position }) => [id, position])),
    flowType: 'dynamic', outputDir: null, tools: [], awaitsMessages: steps.some(({ kind }) => kind.message !== undefined), flows: [], machines: [], functions: [],
    state: hasState ? { target: '', with: null, initial: null, timeoutMs: null } : null,
  };
}
