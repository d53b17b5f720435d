import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { Records } from '../../../persistence/store.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import { encodeJson } from '../../core/json.ts';
import type { PlannedStep } from '../../definition/plan.ts';
import type { Parent } from './child-id.ts';
import { readDepth, readParentStep, toChildId, toFormerChildId, toParentStep, toRootId } from './child-id.ts';
import type { Host } from './host.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { readSettled } from './queries.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import type { StepActor } from '../../kernel/tree.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

export interface ChildFlowsOptions {
  readonly store: Records;
  readonly plans: PlanRegistry;
  readonly maxOutputBytes: number;
  /** Flows that may have started one another in a row: one that starts itself without an end comes to one. */
  readonly maxFlowDepth: number;
  /** Unsettled flows below one execution: one that starts itself twice comes to its end by this. */
  readonly maxChildFlows: number;
  /** Starts the child, or goes on with it when it is there. */
  readonly start: (params: ChildParams, known: ExecutionRecord | undefined) => Promise<void>;
  readonly cancel: (executionId: string, message: string) => Promise<boolean>;
  /** The store is in trouble. */
  readonly fault: (error: unknown) => void;
}

export interface ChildParams {
  readonly flowId: string;
  readonly executionId: string;
  readonly input: unknown;
  readonly parentId: string;
  readonly parentStep: string;
}

/** Flows that a step started: `uses: flow:id`. The child's id follows from its parent's, so that it is started once. */
export class ChildFlows {
  readonly #options: ChildFlowsOptions;
  readonly #host: () => Host;
  /** Unsettled children, by the execution at the top. */
  readonly #open = new Map<string, Set<string>>();

  constructor(options: ChildFlowsOptions, host: () => Host) {
    this.#options = options;
    this.#host = host;
  }

  /** Starts the flow a step waits for, or finds it: running, or settled while nobody listened. */
  begin(resident: Resident, actor: StepActor): void {
    this.#begin(resident, actor).catch(error => this.#fail(resident.header, actor.step.position, actor.item, error));
  }

  abandon({ header, tree }: Resident, position: number, item: number): void {
    const step = tree.plan.steps[position];
    if (step?.role !== 'flow') return;
    this.#abandon(header, step, item).catch(error => isStoreTrouble(error) && this.#options.fault(error));
  }

  /** It ended or never began: then there is nothing to cancel. */
  async #abandon(header: ExecutionHeader, step: PlannedStep, item: number): Promise<void> {
    const { executionId, known } = await this.#find(header, step, item);
    if (known?.settledAt === null) await this.#options.cancel(executionId, 'The step that started it no longer waits');
  }

  /** The end of a child has been stored: whoever started it is told. */
  settled(executionId: string): void {
    const notify = async (): Promise<void> => {
      const record = await this.#options.store.getExecution(executionId);
      if (record) await this.#notify(record);
    };
    notify().catch(error => this.#options.fault(error));
  }

  /** What cannot be told fails the parent's step. */
  async #notify(record: ExecutionRecord): Promise<void> {
    if (record.parentId === null || record.parentStep === null) return;
    const root = toRootId(record.executionId);
    const open = this.#open.get(root);
    open?.delete(record.executionId);
    if (open?.size === 0) this.#open.delete(root);
    const { position, item, generation } = readParentStep(record.parentStep);
    const parent: Parent = { executionId: record.parentId, generation };
    try {
      const { failure, output } = await this.#readOutcome(record);
      this.#settle(parent, position, item, failure, output);
    } catch (error) {
      this.#fail(parent, position, item, error);
    }
  }

  async #readOutcome(record: ExecutionRecord): Promise<{ readonly failure?: StepFailure; readonly output: string }> {
    const { store, plans, maxOutputBytes: maxBytes } = this.#options;
    const plan = await plans.load(store, record.digest);
    const { executionId, status, passed, score, steps } = await readSettled(store, plan, record);
    const leaves = new Set(plan.steps.filter(isLeaf).map(step => step.id));
    const outputs = Object.fromEntries(steps.filter(step => leaves.has(step.stepId)).map(step => [step.stepId, step.output ?? null]));
    const output = encodeJson({ executionId, status, passed, score, outputs }, { maxBytes, name: 'output' });
    if (passed) return { output };
    return { output, failure: createFailure('child_failed', `The flow ${record.flowId} (${executionId}) ended ${status} and did not pass`, { executionId, status, score }) };
  }

  /** Also under the id that it may have been given by an earlier version. */
  async #find(parent: Parent, step: PlannedStep, item: number): Promise<{ readonly executionId: string; readonly known: ExecutionRecord | undefined }> {
    const { store } = this.#options;
    const former = toFormerChildId(parent, step.id, item);
    const older = former === undefined ? undefined : await store.getExecution(former);
    if (older) return { executionId: older.executionId, known: older };
    const executionId = toChildId(parent, step.id, item);
    return { executionId, known: await store.getExecution(executionId) };
  }

  async #begin(resident: Resident, actor: StepActor): Promise<void> {
    const { header } = resident;
    const { step, item, input } = actor;
    const { store, start } = this.#options;
    const text = input === undefined && step.with && !step.with.constant ? await store.getInput(header.key, step.position, item) : undefined;
    const value = text === undefined ? (input ?? step.with?.value ?? {}) : readStored<unknown>('inputs.input', toRowKey(header.key, step.position, item), text);
    const { executionId, known } = await this.#find(header, step, item);
    if (known?.settledAt != null) return this.#notify(known);
    const depth = readDepth(header.parentStep) + 1;
    const open = this.#note(executionId);
    const refusal = known ? undefined : this.#findLackOfRoom(step, depth, open.size);
    if (refusal) {
      open.delete(executionId);
      return this.#settle(header, step.position, item, refusal);
    }
    try {
      await start({ flowId: step.target, executionId, input: value, parentId: header.executionId, parentStep: toParentStep({ position: step.position, item, generation: header.generation, depth }) }, known);
    } catch (error) {
      open.delete(executionId);
      throw error;
    }
    // Given up while it was being started: then there was nothing to cancel yet.
    if (actor.snapshot.value !== 'waiting') this.abandon(resident, step.position, item);
  }

  /** Why no further flow may be started below an execution; undefined: it may. */
  #findLackOfRoom({ target }: PlannedStep, depth: number, open: number): StepFailure | undefined {
    const { maxFlowDepth, maxChildFlows } = this.#options;
    if (depth > maxFlowDepth) {
      return createFailure('flow_too_deep', `Expected at most ${maxFlowDepth} flows to start one another in a row (\`maxFlowDepth\`); the flow ${target} would be one more. Give the flow an end that it reaches, or do the work in a loop of steps`, { maxFlowDepth });
    }
    if (open <= maxChildFlows) return undefined;
    return createFailure('child_flows_too_many', `Expected at most ${maxChildFlows} unsettled flows below one execution (\`maxChildFlows\`); the flow ${target} would be one more. Lower \`concurrency\`, or give the flow an end that it reaches`, { maxChildFlows });
  }

  #note(executionId: string): Set<string> {
    const root = toRootId(executionId);
    const open = this.#open.get(root) ?? new Set();
    this.#open.set(root, open.add(executionId));
    return open;
  }

  #fail(parent: Parent, position: number, item: number, error: unknown): void {
    if (isStoreTrouble(error)) this.#options.fault(error);
    else this.#settle(parent, position, item, toFailure(error, false));
  }

  #settle({ executionId, generation }: Parent, position: number, item: number, failure?: StepFailure, output?: string): void {
    this.#host().post({
      type: 'message',
      executionId,
      generation,
      message: { to: 'step', position, item, event: { type: 'child.settled', ...(failure && { failure }) }, ...(output !== undefined && { output }) },
    });
  }
}

/** Whether nothing follows it but clean-ups. What stands in for another step is that other one, to whoever asks. */
const isLeaf = ({ dependents, recover, alternativeOf }: PlannedStep, _at: number, steps: readonly PlannedStep[]): boolean =>
  alternativeOf === null && dependents.every(position => position === recover?.alternative || steps[position]?.always === true);
