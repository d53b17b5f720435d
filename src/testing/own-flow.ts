import { compileFlow } from '../definition/compile-flow.ts';
import { defineFlow } from '../definition/define-flow.ts';
import type { FlowDefinition, FlowSource } from '../definition/schema.ts';
import { readFunctions, withFunctions } from '../definition/value-function.ts';
import type { FlowModel } from './flow-model.ts';
import { createFlowModel } from './flow-model.ts';
import type { PathEvent } from './path-event.ts';
import type { ScriptedFlow } from './script-flow.ts';
import { createStandIn } from './script-flow.ts';
import { createScriptedMachine } from './scripted-machines.ts';

/** By step id. */
export type Outputs = { readonly [stepId: string]: unknown };

/** Keys that decide about files, models and states, which no path has. */
const flowKeys: ReadonlySet<string> = new Set(['flow_type', 'models', 'output_dir', 'state', 'assertions', 'consolidation', 'description']);
const stepKeys: ReadonlySet<string> = new Set(['artifacts', 'models', 'expected_duration', 'description', 'examples']);

const omit = (value: object, keys: ReadonlySet<string>): object => Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key)));

/**
 * A flow with its own expressions, limits and policies, whose tools, machines and child flows do what a path says.
 *
 * Artifacts, models, the reading of a state and assertions are left out.
 *
 * @param outputs what its child flows give: the stand-ins have steps of these names
 */
function toOwnFlow(definition: FlowDefinition, outputs: Outputs = {}): ScriptedFlow {
  const { steps } = definition;
  const planned = compileFlow(definition).steps;
  // A back-off of no time is over before anybody sees it: a path waits a moment.
  const toRetry = (retry: object | undefined, position: number): object => {
    if (!retry || planned[position]?.retry.initialIntervalMs !== 0) return {};
    return { retry: { ...retry, initialInterval: position + 1, maxInterval: Math.max(planned[position].retry.maxIntervalMs, position + 1) } };
  };
  const toStep = (step: FlowDefinition['steps'][number], position: number): object => ({ ...omit(step, stepKeys), ...toRetry(step.retry, position) });
  const stripped = defineFlow(withFunctions({ ...omit(definition, flowKeys), steps: steps.map(toStep) }, readFunctions(definition)) as unknown as FlowSource);
  const plan = compileFlow(stripped);
  const children = plan.flows.filter(id => id !== definition.id).map(id => {
    const given = plan.steps.filter(({ role, target }) => role === 'flow' && target === id).map(step => (outputs[step.id] as { outputs?: object } | undefined)?.outputs ?? {});
    const ends = [...new Set(given.flatMap(Object.keys))];
    return createStandIn(id, ends.length > 0 ? ends : undefined);
  });
  return { plan, definition: stripped, children, machines: plan.machines.map(createScriptedMachine), scripted: new Map() };
}

/** The model of a flow with its own expressions. */
export const createOwnModel = (definition: FlowDefinition, outputs?: Outputs): FlowModel => createFlowModel(toOwnFlow(definition, outputs));

/** What each step gives on a path. */
export function readOutputs(events: readonly PathEvent[]): Outputs {
  return Object.fromEntries(events.flatMap(event => ('output' in event && event.output !== undefined ? [[event.step, event.output]] : [])));
}
