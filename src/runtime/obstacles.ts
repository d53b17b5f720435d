import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { StepMachines } from './step-machines.ts';
import type { Tool } from './tool.ts';

/** Why a plan cannot run here: tools, flows, machines or a consolidator this runtime does not have. They are the same for its whole life. */
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
    if (!this.#known.has(plan)) this.#known.set(plan, this.#search(plan));
    return this.#known.get(plan);
  }

  #search({ tools, flows, machines, consolidation: { uses } }: FlowPlan): StepFailure | undefined {
    const missingTools = tools.filter(name => !this.#tools.has(name));
    if (missingTools.length > 0) {
      return createFailure('tool_unknown', `Waits for tools this runtime does not have: ${missingTools.join(', ')}`, { tools: missingTools });
    }
    const missingFlows = flows.filter(id => this.#plans.find(id) === undefined);
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
}
