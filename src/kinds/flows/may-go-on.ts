import type { Recover } from './resolved-options.ts';
import type { Logger } from '../../core/logger.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { listMissingFunctions } from './plan-registry.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import type { Tool } from './tool.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { FlowCommand } from './flow-commands.ts';
import { toBegin } from './flow-holding.ts';

/** What a choice is made by. */
interface Candidate {
  readonly key: number;
  readonly executionId: string;
  readonly flowId: string;
  readonly digest: string;
}

/** Which executions of earlier processes this runtime goes on with. */
export class Recovery {
  readonly #recover: Recover | undefined;
  readonly #logger: Logger;
  /** What `recover` answered, by key: it is asked once. */
  readonly #chosen = new Map<number, boolean>();
  /** Executions that were left out first, and called for since. */
  readonly #allowed = new Set<number>();
  /** Executions with a higher key were started by this runtime. */
  #firstKey = -1;

  constructor(recover: Recover | undefined, logger: Logger) {
    this.#recover = recover;
    this.#logger = logger;
  }

  /** Notes where this runtime began; returns whether it is the first time, and everything of before is left alone. */
  begin(lastKey: number): { readonly leavesAll: boolean } {
    if (this.#firstKey < 0) this.#firstKey = lastKey;
    return { leavesAll: this.#recover === false && lastKey === this.#firstKey };
  }

  isOwn(key: number): boolean {
    return key > this.#firstKey;
  }

  mayContinue({ key, executionId, flowId, digest }: Candidate): boolean {
    if (this.isOwn(key) || this.#allowed.has(key)) return true;
    const recover = this.#recover ?? true;
    if (typeof recover !== 'function') return recover;
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    let chosen = false;
    try {
      chosen = recover({ executionId, flowId, digest });
    } catch (error) {
      this.#logger.error({ err: error, executionId }, '`recover` threw; the execution stays where it is');
    }
    this.#chosen.set(key, chosen);
    return chosen;
  }

  /** It is to go on after all. */
  allow(key: number): void {
    this.#allowed.add(key);
  }

  forget(key: number): void {
    this.#chosen.delete(key);
    this.#allowed.delete(key);
  }
}

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

export interface StandingOptions {
  /** Whether somebody has it stand still: then nothing is done for it that it was not told. */
  readonly isHeld: (executionId: string, path: string, flowId?: string) => boolean;
  readonly post: (command: FlowCommand) => void;
}

/** Executions that stand still, and are not brought into memory for what has come due. */
export class StandingExecutions {
  readonly #options: StandingOptions;
  /** Those that have been told what they would otherwise be brought for. */
  readonly #told = new Set<string>();

  constructor(options: StandingOptions) {
    this.#options = options;
  }

  /** It begins when it is told so. */
  keepWaiting(executionId: string): void {
    this.#told.add(executionId);
  }

  /** Whether it stands still; what it would be brought for waits with all else that it is to be told. */
  passOver({ executionId, generation, flowId, status }: Pick<ExecutionRecord, 'executionId'> & Partial<ExecutionRecord>): boolean {
    const { isHeld, post } = this.#options;
    if (!isHeld(executionId, executionId, flowId)) return false;
    if (this.#told.has(executionId)) return true;
    this.#told.add(executionId);
    post(status === 'pending' && generation !== undefined ? toBegin(executionId, generation) : { type: 'wake', executionId });
    return true;
  }

  release(executionId: string): void {
    this.#told.delete(executionId);
  }
}
