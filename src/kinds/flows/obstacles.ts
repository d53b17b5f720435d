import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { listMissingFunctions, type PlanRegistry } from './plan-registry.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import type { Tool } from './tool.ts';

/** Why a plan cannot run here: tools, functions, flows, machines or a consolidator this runtime does not have. They are the same for its whole life. */
export class Obstacles {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #plans: PlanRegistry;
  readonly #consolidators: ReadonlyMap<string, unknown>;
  readonly #machines: StepMachines | undefined;
  readonly #known = new Map<FlowPlan, StepFailure | undefined>();

  constructor(tools: ReadonlyMap<string, Tool>, consolidators: ReadonlyMap<string, unknown>, plans: PlanRegistry, machines?: StepMachines) {
    this.#machines = machines;
    this.#tools = tools;
    this.#consolidators = consolidators;
    this.#plans = plans;
  }

  /** @returns undefined when it can run */
  find(plan: FlowPlan): StepFailure | undefined {
    if (this.#known.has(plan)) return this.#known.get(plan);
    const found = this.#search(plan);
    // Flows may still come, with an execution that was started with them.
    if (found?.code !== 'flow_unknown') this.#known.set(plan, found);
    return found;
  }

  #search(plan: FlowPlan): StepFailure | undefined {
    const { tools, flows, machines, consolidation: { uses } } = plan;
    const missingTools = tools.filter(name => !this.#tools.has(name));
    if (missingTools.length > 0) {
      return createFailure('tool_unknown', `Waits for tools this runtime does not have: ${missingTools.join(', ')}`, { tools: missingTools });
    }
    const missingValues = listMissingFunctions(plan);
    if (missingValues.length > 0) return this.#toMissingValues(plan, missingValues);
    const missingFlows = flows.filter(id => this.#plans.findChild(id) === undefined);
    if (missingFlows.length > 0) {
      return createFailure('flow_unknown', `Waits for flows this runtime does not have: ${missingFlows.join(', ')}`, { flows: missingFlows });
    }
    const missingMachines = machines.filter(id => !this.#machines?.has(id));
    if (missingMachines.length > 0) {
      return createFailure('machine_unknown', `Waits for machines this runtime does not have: ${missingMachines.join(', ')}`, { machines: missingMachines });
    }
    if (uses !== null && !this.#consolidators.has(uses)) {
      return createFailure('consolidator_unknown', `Waits for a consolidator this runtime does not have: ${uses}`, { consolidator: uses });
    }
    return undefined;
  }

  #toMissingValues({ definition: { id, version } }: FlowPlan, values: readonly string[]): StepFailure {
    const registered = this.#plans.find(id)?.definition.version;
    const hint = registered === undefined ? 'the flow is not registered' : registered === version ? 'the registered flow has none there' : `registered is version ${registered}`;
    return createFailure('value_unknown', `Waits for functions of version ${version} of the flow "${id}" that this runtime does not have: ${values.join(', ')} (${hint})`, { values, flowId: id, version });
  }
}
