import type { DefinitionRecord, ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import type { StandardSchema } from '../../core/standard-schema.ts';
import { didYouMean } from '../../core/wording.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import { compileStored } from '../../definition/compile-stored.ts';
import type { FlowSignals } from '../../definition/flow-signals.ts';
import { readSignals } from '../../definition/flow-signals.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { ValueFunction } from '../../definition/value-function.ts';
import { readFunctions } from '../../definition/value-function.ts';
import type { FlowDigests } from '../../kernel/tree.ts';
import { readStored } from '../../core/stored-value.ts';

/** A function is the one that was meant as long as the flow's version is the same: its text says nothing, a bundler changes it. */
const toVersionKey = ({ id, version }: Pick<FlowDefinition, 'id' | 'version'>): string => `${id}\n${version}`;

/** Functions that a plan names and does not have, by place. */
export const listMissingFunctions = ({ definition, functions }: FlowPlan): string[] => {
  if (functions.length === 0) return [];
  const carried = readFunctions(definition);
  return functions.filter(place => !carried.has(place));
};

/** Definitions ready to run: those registered, and those that stored executions started with. */
export class PlanRegistry {
  readonly #byFlowId = new Map<string, FlowPlan>();
  readonly #byDigest = new Map<string, FlowPlan>();
  /** Functions that values of registered definitions are, by flow and version. */
  readonly #functions = new Map<string, Map<string, ValueFunction>>();
  /** What signals of registered definitions carry, by flow and version. */
  readonly #signals = new Map<string, FlowSignals>();
  /** Flows that only stored executions start, by id. */
  readonly #adopted = new Map<string, FlowPlan>();
  /** Digests known to be in the store. */
  readonly #stored = new Set<string>();

  register(definition: FlowDefinition): FlowPlan {
    const plan = compileFlow(definition);
    this.#noteFunctions(plan.definition);
    const signals = readSignals(definition);
    if (signals) this.#signals.set(toVersionKey(definition), signals);
    const same = this.#byDigest.get(plan.digest);
    const known = same && listMissingFunctions(same).length === 0 ? same : plan;
    this.#byFlowId.set(definition.id, known);
    this.#byDigest.set(known.digest, known);
    return known;
  }

  #noteFunctions(definition: FlowDefinition): void {
    const functions = readFunctions(definition);
    if (functions.size === 0) return;
    const key = toVersionKey(definition);
    const known = this.#functions.get(key) ?? new Map<string, ValueFunction>();
    for (const [place, run] of functions) known.set(place, run);
    this.#functions.set(key, known);
  }

  /** The schema of a signal's payload; undefined: it may carry anything. */
  findSignal({ definition }: FlowPlan, name: string): StandardSchema | undefined {
    const signals = this.#signals.get(toVersionKey(definition));
    return signals && Object.hasOwn(signals, name) ? signals[name] : undefined;
  }

  /** Definitions that can be started. */
  listRegistered(): FlowDefinition[] {
    return [...this.#byFlowId.values()].map(({ definition }) => definition);
  }

  find(flowId: string): FlowPlan | undefined {
    return this.#byFlowId.get(flowId);
  }

  /** A flow that a step starts: also one that is not registered, as a stored execution brought it along. */
  findChild(flowId: string): FlowPlan | undefined {
    return this.#byFlowId.get(flowId) ?? this.#adopted.get(flowId);
  }

  get(digest: string): FlowPlan | undefined {
    return this.#byDigest.get(digest);
  }

  adopt(plan: FlowPlan): void {
    this.#adopted.set(plan.definition.id, plan);
  }

  /**
   * @param isChild whether another flow starts it
   * @throws a `FlowError` with code `flow_unknown`
   */
  require(flowId: string, isChild = false): FlowPlan {
    const plan = isChild ? this.findChild(flowId) : this.#byFlowId.get(flowId);
    if (plan) return plan;
    const known = [...this.#byFlowId.keys()];
    const hint = didYouMean(flowId, known);
    const list = known.length > 0 ? `Known flows: ${known.join(', ')}` : 'No flow is registered';
    throw new FlowError('flow_unknown', `Expected the id of a registered flow, got "${flowId}"${hint === '' ? '.' : hint} ${list}`);
  }

  /** The id of a definition that is registered just so. @throws a `FlowError` with code `flow_unknown` */
  requireSame(definition: FlowDefinition): string {
    const { definition: { id }, digest } = compileFlow(definition);
    const plan = this.require(id);
    if (plan.digest === digest) return id;
    throw new FlowError('flow_unknown', `Expected a flow that \`createRuntime\` was given, got another definition of "${id}" (version ${definition.version}, registered is version ${plan.definition.version}); give this one in \`flows\``);
  }

  /** The definition an execution started with, read back from the store where it is not registered. */
  async load(reader: RecordReader, digest: string): Promise<FlowPlan> {
    const known = this.#byDigest.get(digest);
    if (known) return known;
    const record = await reader.getDefinition(digest);
    if (!record) throw new FlowError('definition_missing', `Expected the definition ${digest} in ${reader.location}, found none`);
    const plan = compileStored(record, this.#functions.get(toVersionKey({ id: record.flowId, version: record.version })));
    this.#byDigest.set(digest, plan);
    this.#stored.add(digest);
    return plan;
  }

  /** The record to commit with the first execution of a definition; undefined when the store has it. */
  toRecord(plan: FlowPlan, now: number): DefinitionRecord | undefined {
    if (this.#stored.has(plan.digest)) return undefined;
    const { id, version } = plan.definition;
    return { digest: plan.digest, flowId: id, version, definition: JSON.stringify(plan.definition), createdAt: now };
  }

  noteStored(...digests: readonly string[]): void {
    for (const digest of digests) this.#stored.add(digest);
  }
}

/** A flow and all that it starts, the flow itself first. */
export function collectPlans(plan: FlowPlan, registry: PlanRegistry): readonly FlowPlan[] {
  const found = new Map([[plan.definition.id, plan]]);
  // The map grows while it is walked: flows started by flows are found too.
  for (const { flows } of found.values()) {
    for (const id of flows) {
      const next = registry.findChild(id);
      if (next && !found.has(id)) found.set(id, next);
    }
  }
  return [...found.values()];
}

/** What is stored with an execution of the flows below it; undefined: it starts none. */
export function collectDigests(plan: FlowPlan, registry: PlanRegistry): FlowDigests | undefined {
  if (plan.flows.length === 0) return undefined;
  const [, ...below] = collectPlans(plan, registry);
  return Object.fromEntries(below.map(({ definition, digest }) => [definition.id, digest]));
}

/** Reads what is stored with an execution. */
const readDigests = ({ key, context }: Pick<ExecutionRecord, 'key' | 'context'>): FlowDigests | undefined =>
  context.includes('"flows":') ? readStored<{ readonly flows?: FlowDigests }>('executions.context', key, context).flows : undefined;

/**
 * Makes the flows below a stored execution known where they are not registered: it goes on with what it started with.
 *
 * One that is gone from the store stays missing, and is complained about as such.
 */
export async function adoptPlans(reader: RecordReader, registry: PlanRegistry, record: Pick<ExecutionRecord, 'key' | 'context'>): Promise<void> {
  for (const [flowId, digest] of Object.entries(readDigests(record) ?? {})) {
    if (registry.find(flowId)) continue;
    const found = registry.get(digest) ? true : await reader.getDefinition(digest);
    if (found) registry.adopt(await registry.load(reader, digest));
  }
}
