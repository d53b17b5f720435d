import type { ExecutionRecord } from '../../persistence/records.ts';
import type { Store } from '../../persistence/store.ts';
import { createFailure } from '../core/failure.ts';
import type { PlannedStep } from '../definition/plan.ts';
import type { Host } from './host.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { readSettled } from './queries.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from './rows.ts';
import { toFailure } from './step-runner.ts';
import type { StepActor } from './tree.ts';
import { noItem } from './tree.ts';

export interface ChildFlowsOptions {
  readonly store: Store;
  readonly plans: PlanRegistry;
  /** Starts the child; answers with its record when it was there before. */
  readonly start: (params: {
    readonly flowId: string;
    readonly executionId: string;
    readonly input: unknown;
    readonly parentId: string;
    readonly parentStep: string;
  }) => Promise<ExecutionRecord | undefined>;
  readonly cancel: (executionId: string, message: string) => Promise<boolean>;
}

/** Flows that a step started: `uses: flow:id`. The child's id follows from its parent's, so that it is started once. */
export class ChildFlows {
  readonly #options: ChildFlowsOptions;
  readonly #host: () => Host;

  constructor(options: ChildFlowsOptions, host: () => Host) {
    this.#options = options;
    this.#host = host;
  }

  /** Starts the flow a step waits for, or finds it: running, or settled while nobody listened. */
  begin(resident: Resident, actor: StepActor): void {
    this.#begin(resident, actor).catch(error => this.#settle(resident.header, actor.step.position, actor.item, toFailure(error, false)));
  }

  abandon(resident: Resident, position: number, item: number): void {
    const step = resident.tree.plan.steps[position];
    if (step?.kind !== 'flow') return;
    this.#options.cancel(toChildId(resident.header, step.id, item), 'The step that started it no longer waits').catch(() => {
      // It ended or never began: then there is nothing to cancel.
    });
  }

  /** Tells the parent that its child has settled. */
  async notify(record: ExecutionRecord): Promise<void> {
    if (record.parentId === null || record.parentStep === null) return;
    const { position, item, generation } = readParentStep(record.parentStep);
    const { store, plans } = this.#options;
    const { executionId, status, passed, score, steps } = await readSettled(store, await plans.load(store, record.digest), record);
    const plan = await plans.load(store, record.digest);
    const leaves = new Set(plan.steps.filter(isLeaf).map(step => step.id));
    const outputs = Object.fromEntries(steps.filter(step => leaves.has(step.stepId)).map(step => [step.stepId, step.output ?? null]));
    const failure = passed
      ? undefined
      : createFailure('child_failed', `The flow ${record.flowId} (${executionId}) ended ${status} and did not pass`, { executionId, status, score });
    this.#settle({ executionId: record.parentId, generation }, position, item, failure, JSON.stringify({ executionId, status, passed, score, outputs }));
  }

  async #begin(resident: Resident, actor: StepActor): Promise<void> {
    const { header } = resident;
    const { step, item, input } = actor;
    const text = input === undefined && step.with && !step.with.constant ? await this.#options.store.getInput(header.key, step.position, item) : undefined;
    const value = text === undefined ? (input ?? step.with?.value ?? {}) : JSON.parse(text);
    const known = await this.#options.start({
      flowId: step.target,
      executionId: toChildId(header, step.id, item),
      input: value,
      parentId: header.executionId,
      parentStep: toParentStep(step.position, item, header.generation),
    });
    if (known?.settledAt != null) await this.notify(known);
    // Given up while it was being started: then there was nothing to cancel yet.
    else if (actor.snapshot.value !== 'waiting') this.abandon(resident, step.position, item);
  }

  #settle({ executionId, generation }: Parent, position: number, item: number, failure?: ReturnType<typeof createFailure>, output?: string): void {
    this.#host().post({
      kind: 'message',
      executionId,
      generation,
      message: { to: 'step', position, item, event: { type: 'child.settled', ...(failure && { failure }) }, ...(output !== undefined && { output }) },
    });
  }
}

type Parent = Pick<ExecutionHeader, 'executionId' | 'generation'>;

function toChildId({ executionId, generation }: Parent, stepId: string, item: number): string {
  const id = item === noItem ? `${executionId}.${stepId}` : `${executionId}.${stepId}.${item}`;
  return generation === 1 ? id : `${id}~${generation}`;
}

function toParentStep(position: number, item: number, generation: number): string {
  return generation === 1 ? `${position}.${item}` : `${position}.${item}.${generation}`;
}

/** Which step of which generation started a flow. */
export function readParentStep(text: string): { readonly position: number; readonly item: number; readonly generation: number } {
  const [position = 0, item = noItem, generation = 1] = text.split('.').map(Number);
  return { position, item, generation };
}

/** Whether nothing follows it. What stands in for another step is that other one, to whoever asks. */
const isLeaf = ({ dependents, recover, alternativeOf }: PlannedStep): boolean => alternativeOf === null && dependents.every(position => position === recover?.alternative);
