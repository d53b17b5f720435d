import type { StepKind } from './step-kind.ts';
import { readUses } from './step-kinds.ts';
import { compileArtifact } from './compile-artifact.ts';
import { compileCondition, compileList, compileValue } from './compile-value.ts';
import { computeDigest, toCanonical } from './digest.ts';
import { examine, type Examined, locateByPath } from './examine.ts';
import { type FlowSignals, readSignals, withSignals } from './flow-signals.ts';
import { listAncestors } from './graph.ts';
import type { FlowPlan, PlannedState, PlannedStep } from './plan.ts';
import { toDefinitionError } from './problem.ts';
import { toAskSignal } from './wait.ts';
import type { TemplateCache } from './template.ts';
import { listReferences, withFunctions } from './value-function.ts';
import { defaultConsolidationTimeoutMs, defaultRetry, type FlowDefinition, type StepDefinition } from './schema.ts';

const plans = new WeakMap<FlowDefinition, FlowPlan>();

/**
 * Makes a definition ready to run; the same object gives the same plan.
 *
 * A definition written out as JSON and read back gives a plan with the same digest.
 *
 * @throws a `FlowError` with code `definition_invalid` that lists everything that is wrong
 */
export function compileFlow(definition: FlowDefinition): FlowPlan {
  const known = plans.get(definition);
  if (known) return known;
  const examined = examine(definition, locateByPath, { mayMissFunctions: true });
  if ('problems' in examined) throw toDefinitionError(examined.problems, nameFlow(definition));
  const plan = createPlan(examined, readSignals(definition));
  if (Object.isFrozen(definition)) plans.set(definition, plan);
  return plan;
}

/** Compiles a definition that was examined. The plan and its definition are frozen through and through. */
export function createPlan({ definition: parsed, checked, cache, functions }: Examined, signals?: FlowSignals): FlowPlan {
  // Keys in one order everywhere, so that a step is given the same input before and after a restart.
  const definition = withSignals(withFunctions(toCanonical(parsed) as FlowDefinition, functions), signals);
  const { graph } = checked;
  const steps = definition.steps.map((step, position): PlannedStep => {
    const listUpstream = (which: 'all' | 'direct'): string[] => (which === 'direct' ? (graph.upstream[position] ?? []) : listAncestors(graph, position)).map(at => definition.steps[at]?.id ?? '');
    return {
      position,
      id: step.id,
      uses: step.uses,
      ...readKind(step.uses),
      dependsOn: graph.upstream[position] ?? [],
      dependents: graph.downstream[position] ?? [],
      // An alternative counts as the step it stands in for, not by itself.
      critical: step.critical && !checked.alternatives.has(position),
      // What stands in for a clean-up is one, too.
      always: step.run === 'always' || definition.steps[checked.alternatives.get(position) ?? -1]?.run === 'always',
      weight: checked.alternatives.has(position) ? 0 : step.weight,
      timeoutMs: step.timeout ?? null,
      expectedMs: step.expected_duration ?? null,
      retry: toPolicy(step.retry),
      recover: toRecoverPolicy(step, checked.positions),
      alternativeOf: checked.alternatives.get(position) ?? null,
      with: step.with === undefined ? null : compileValue(step.with, cache, listUpstream),
      when: step.when === undefined ? null : compileCondition(step.when, cache, listUpstream),
      forEach: step.for_each === undefined ? null : compileList(step.for_each, cache, listUpstream),
      concurrency: step.concurrency ?? null,
      onItemFailure: step.on_item_failure ?? null,
      artifacts: (step.artifacts ?? []).map(artifact => compileArtifact(artifact, cache, listUpstream)),
      models: (step.models ?? definition.models ?? []).map(({ model, attempts, ...limits }) => ({ model, attempts, timeoutMs: 'timeout' in limits ? (limits.timeout ?? null) : null })),
    };
  });
  const plan: FlowPlan = {
    definition,
    digest: computeDigest(definition),
    steps,
    positions: checked.positions,
    flowType: definition.flow_type ?? 'dynamic',
    mode: definition.mode,
    onHalt: definition.on_halt ?? 'cancel',
    concurrency: definition.concurrency,
    timeoutMs: definition.timeout ?? null,
    minScore: definition.min_score,
    consolidation: { timeoutMs: definition.consolidation?.timeout ?? defaultConsolidationTimeoutMs, uses: definition.consolidation?.uses ?? null },
    state: planState(definition, checked.positions, cache),
    assertions: definition.assertions ?? [],
    outputDir: definition.output_dir ?? null,
    tools: listTools(steps, definition),
    awaitsMessages: steps.some(({ kind }) => kind.message !== undefined),
    flows: listTargets(steps, 'flow'),
    machines: listTargets(steps, 'machine'),
    functions: listReferences(definition),
  };
  plans.set(definition, plan);
  return plan;
}

/** A kind that is not there, of a flow that was stored by a program that had it: then its handler is what is missing. */
const toMissingKind = (uses: string): StepKind => ({ name: uses, form: uses, role: 'task' });

function readKind(uses: string): Pick<PlannedStep, 'kind' | 'role' | 'target'> {
  const { kind, target } = readUses(uses) ?? { kind: toMissingKind(uses), target: uses };
  return { kind, role: kind.role, target };
}

function toPolicy(retry: StepDefinition['retry']): PlannedStep['retry'] {
  if (!retry) return defaultRetry;
  const { initialInterval, maxInterval, ...policy } = retry;
  return { ...policy, initialIntervalMs: initialInterval, maxIntervalMs: maxInterval };
}

function planState({ state, steps }: FlowDefinition, positions: ReadonlyMap<string, number>, cache: TemplateCache): PlannedState | null {
  if (!state) return null;
  return {
    target: toProbe(state.uses),
    with: state.with === undefined ? null : compileValue(state.with, cache, () => steps.map(({ id }) => id)),
    initial: state.initial === undefined ? null : (positions.get(state.initial) ?? null),
    timeoutMs: state.timeout ?? null,
  };
}

const toProbe = (uses: string): string => uses.slice('tool:'.length);

function listTools(steps: readonly PlannedStep[], { state }: FlowDefinition): string[] {
  const used = listTargets(steps, 'task');
  return state === undefined || used.includes(toProbe(state.uses)) ? used : [...used, toProbe(state.uses)];
}

function toRecoverPolicy({ id, recover }: StepDefinition, positions: ReadonlyMap<string, number>): PlannedStep['recover'] {
  if (!recover) return null;
  const { retry, alternative, ask } = recover;
  return {
    retry: retry ? toPolicy({ ...retry, nonRetryable: [] }) : null,
    alternative: alternative === undefined ? null : (positions.get(alternative) ?? null),
    ask: ask ? { signal: ask.signal ?? toAskSignal(id), timeoutMs: ask.timeout ?? null } : null,
  };
}

function listTargets(steps: readonly PlannedStep[], role: PlannedStep['role']): string[] {
  return [...new Set(steps.filter(step => step.role === role).map(step => step.target))];
}

function nameFlow(definition: unknown): string {
  const id: unknown = typeof definition === 'object' && definition !== null && 'id' in definition ? definition.id : undefined;
  return typeof id === 'string' ? `flow \`${id}\`` : 'the definition';
}
