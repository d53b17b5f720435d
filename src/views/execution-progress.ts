import { readUses } from '../definition/step-kinds.ts';
import type { ExecutionStatus, StepStatus } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import { computeFlowProgress, type ExpectedDuration, type FlowProgressFigures, type ProgressStep } from '../core/flow-progress.ts';
import type { ExecutionDetails, TransitionUpdate } from '../kinds/flows/execution-api.ts';

/** What a view needs to know of a step beforehand. */
export interface StepOutline {
  readonly stepId: string;
  readonly uses: string;
  readonly maxAttempts: number;
  readonly critical: boolean;
  /** Positions of the steps it waits for. */
  readonly dependsOn: readonly number[];
  /** How long it usually takes, where that is known. */
  readonly expected?: ExpectedDuration | undefined;
  /** Position of the step that stands in for it when it has failed. */
  readonly alternative?: number | undefined;
  /** The signal it waits for, when it is such a step and the name is a plain one. */
  readonly signal?: string;
}

/** Where a step stands. */
export interface StepProgress extends StepOutline {
  status: StepStatus;
  attempts: number;
  interruptions: number;
  reason: StepFailure | undefined;
  dueAt: number | undefined;
  startedAt: number | null;
  settledAt: number | null;
  /** When its present, or last, run or wait began. */
  runAt: number | null;
  /** Items of a `for_each` step; undefined until the list is known. */
  items: { total: number; settled: number; failed: number } | undefined;
}

/** What a transition changed, for views that print one line per change. */
export interface ProgressChange {
  readonly at: number;
  /** Undefined: the flow itself. */
  readonly step: StepProgress | undefined;
}

const settledStatuses: ReadonlySet<string> = new Set<StepStatus>(['completed', 'failed', 'skipped', 'cancelled']);

/** Tells whether a step's status is final. */
export function isSettled(status: StepStatus): boolean {
  return settledStatuses.has(status);
}

const manySteps = 500;

function isFailure(value: unknown): value is StepFailure {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

/** Whether a person, a signal or a message ends its wait. A step that does work waits for its alternative, or for a person. */
function isAwaited({ status, uses, alternative }: StepProgress, steps: readonly StepProgress[]): boolean {
  const role = readUses(uses)?.kind.role;
  if (status !== 'waiting' || role === 'sleep' || role === 'flow' || role === 'machine') return false;
  const standIn = alternative === undefined ? undefined : steps[alternative];
  return standIn === undefined || isSettled(standIn.status);
}

function toProgressStep(step: StepProgress, _at: number, steps: readonly StepProgress[]): ProgressStep {
  const { dependsOn, expected, status, uses, runAt, settledAt, dueAt, items } = step;
  return {
    dependsOn,
    expected: expected ?? null,
    state: isSettled(status) ? 'settled' : status === 'running' || status === 'waiting' || status === 'retrying' ? status : 'pending',
    runAt,
    endsAt: status === 'retrying' || readUses(uses)?.kind.role === 'sleep' ? (dueAt ?? null) : null,
    isAwaited: isAwaited(step, steps),
    tookMs: status === 'completed' && settledAt !== null && runAt !== null ? settledAt - runAt : null,
    items: items ?? null,
  };
}

/** Where one execution stands, kept up to date from its transitions. */
export class ExecutionProgress {
  readonly executionId: string;
  readonly flowId: string;
  readonly steps: readonly StepProgress[];
  status: ExecutionStatus = 'pending';
  startedAt: number | null = null;
  settledAt: number | null = null;
  failure: StepFailure | undefined;
  #figures: { readonly at: number; readonly figures: FlowProgressFigures } | undefined;
  readonly #concurrency: number;
  readonly #byId: ReadonlyMap<string, StepProgress>;

  constructor(executionId: string, flowId: string, outline: readonly StepOutline[], concurrency = Number.MAX_SAFE_INTEGER) {
    this.#concurrency = concurrency;
    this.executionId = executionId;
    this.flowId = flowId;
    this.steps = outline.map(step => ({
      ...step,
      status: 'pending', attempts: 0, interruptions: 0, reason: undefined, dueAt: undefined, startedAt: null, settledAt: null, runAt: null, items: undefined,
    }));
    this.#byId = new Map(this.steps.map(step => [step.stepId, step]));
  }

  /** Steps that have settled. */
  get settled(): number {
    return this.steps.reduce((count, step) => count + (isSettled(step.status) ? 1 : 0), 0);
  }

  /** How far it is at a time, and what is likely left. */
  computeFigures(now: number): FlowProgressFigures {
    const settled = this.status === 'scored' || this.status === 'failed';
    const last = this.#figures;
    // A long flow is looked at again after a second: pictures are drawn ten times as often.
    if (last && !settled && this.steps.length > manySteps && now - last.at < 1_000) return last.figures;
    const figures = computeFlowProgress({ steps: this.steps.map(toProgressStep), concurrency: this.#concurrency, settled, now });
    this.#figures = { at: now, figures };
    return figures;
  }

  /** Sets the number of items of a `for_each` step that was begun before. */
  noteItems(stepId: string, items: { total: number; settled: number; failed: number }): void {
    const step = this.#byId.get(stepId);
    if (step) step.items = items;
  }

  /** Takes an update in. Returns what changed for people; undefined: nothing worth a line. */
  apply(update: TransitionUpdate): ProgressChange | undefined {
    if (update.type === 'snapshot') {
      this.#applySnapshot(update.execution);
      return undefined;
    }
    const { state, at, event } = update;
    if (state === null) return undefined;
    const path = /\/step:([^/]+)(\/item:\d+)?$/.exec(update.address);
    if (!path) return this.#applyFlow(state as ExecutionStatus, at, event);
    const step = this.#byId.get(path[1] ?? '');
    if (!step) return undefined;
    if (path[2]) {
      this.#applyItem(step, event);
      return undefined;
    }
    return this.#applyStep(step, state as StepStatus, at, event) ? { at, step } : undefined;
  }

  #applySnapshot(execution: ExecutionDetails): void {
    this.status = execution.status;
    this.startedAt = execution.startedAt;
    this.settledAt = execution.settledAt;
    this.failure = execution.failure ?? undefined;
    for (const result of execution.steps) {
      const step = this.#byId.get(result.stepId);
      if (!step || result.item !== undefined) continue;
      const { status, attempts, interruptions, reason, dueAt, startedAt, settledAt } = result;
      Object.assign(step, { status, attempts, interruptions, reason, dueAt, startedAt, settledAt, runAt: startedAt });
    }
  }

  #applyFlow(state: ExecutionStatus, at: number, event: { readonly [key: string]: unknown }): ProgressChange | undefined {
    if (state === this.status) return undefined;
    this.status = state;
    if (state === 'stepping') this.startedAt ??= at;
    if (state === 'scored' || state === 'failed') this.settledAt = at;
    if (isFailure(event['failure'])) this.failure = event['failure'];
    return { at, step: undefined };
  }

  #applyItem(step: StepProgress, event: { readonly type: string; readonly [key: string]: unknown }): void {
    if (event.type === 'attempt.failed' && isFailure(event['failure'])) step.reason = event['failure'];
  }

  #applyStep(step: StepProgress, state: StepStatus, at: number, event: { readonly type: string; readonly [key: string]: unknown }): boolean {
    if (event.type === 'item.settled') {
      if (step.items) {
        step.items.settled = Math.min(step.items.total, step.items.settled + 1);
        if (event['failure'] !== undefined) step.items.failed += 1;
      }
      if (state === step.status) return false;
    }
    const begins = (state === 'running' || state === 'waiting') && (event.type === 'step.start' || event.type === 'timer.fired');
    if (begins) step.attempts += 1;
    if (event.type === 'attempt.interrupted') step.interruptions += 1;
    if (event.type === 'step.release') step.attempts -= 1;
    if (event.type === 'step.start' && typeof event['total'] === 'number') {
      // An earlier generation has settled those it keeps.
      step.items = { total: event['total'], settled: typeof event['kept'] === 'number' ? event['kept'] : 0, failed: 0 };
    }
    step.status = state;
    step.reason = isFailure(event['failure']) ? event['failure'] : state === 'completed' ? undefined : step.reason;
    const due = event['retryAt'] ?? event['dueAt'];
    step.dueAt = (state === 'retrying' || state === 'waiting') && typeof due === 'number' ? due : undefined;
    if (state === 'running' || state === 'waiting') step.startedAt ??= at;
    if (begins || event.type === 'attempt.interrupted') step.runAt = at;
    step.settledAt = isSettled(state) ? at : null;
    return true;
  }
}
