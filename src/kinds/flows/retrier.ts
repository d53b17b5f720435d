import type { ExecutionRecord } from '../../../persistence/records.ts';
import { isImported } from '../../../persistence/records.ts';
import type { Records } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { readStored } from '../../core/stored-value.ts';
import { compareDefinitions, describeChanges, isUnchanged } from '../../definition/compare-definitions.ts';
import { validateInput } from '../../definition/input-schema.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { ResumeOptions, RetryOptions } from './execution-api.ts';
import { requireObject, requireText } from './check-arguments.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { adoptPlans, collectDigests } from './plan-registry.ts';
import type { NamedRequest } from '../../engine/kind.ts';
import type { Host } from './host.ts';
import type { Obstacles } from './may-go-on.ts';
import { planGeneration } from './plan-generation.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { noItem } from '../../core/address.ts';

export interface RetrierOptions {
  readonly store: Records;
  readonly expressionTimeLimitMs: number;
  readonly plans: PlanRegistry;
  readonly obstacles: Obstacles;
  readonly host: () => Host;
  /** The next number under which rows are kept. */
  readonly takeKey: () => number;
  /** @throws a `FlowError` with code `execution_not_found` */
  readonly requireExecution: (executionId: string) => Promise<ExecutionRecord>;
  /** Ends the present life of an execution, with that reason; resolves when that is stored. */
  readonly supersede: (executionId: string) => Promise<boolean>;
  /** Whether a process of its own has it. */
  readonly isHeld: (executionId: string) => boolean;
  /** Whether an unfinished execution is gone on with here, now or when its turn comes. */
  readonly goesOn: (record: ExecutionRecord) => boolean;
  /** Goes on with an execution that was left where it was. */
  readonly goOn: (record: ExecutionRecord) => void;
}

/** What there is to run now, given what the execution ran before. */
interface Choice {
  readonly plan: FlowPlan;
  /** Steps whose results no longer hold. */
  readonly changed: ReadonlySet<string>;
  /** Steps that changed in a way that leaves results alone. */
  readonly touched: ReadonlySet<string>;
  readonly isNew: boolean;
}

/** Begins new generations of executions, one at a time for each. */
export class Retrier {
  readonly #options: RetrierOptions;
  readonly #busy = new Set<string>();

  constructor(options: RetrierOptions) {
    this.#options = options;
  }

  /** Begins a new generation that runs some steps again; resolves with its number when it is stored. */
  async retry(executionId: string, options: RetryOptions, request?: NamedRequest): Promise<number> {
    const { step, steps = [], cascade = true, onNewDefinition = false } = requireObject('options', options);
    if (!Array.isArray(steps)) throw new FlowError('option_invalid', 'Expected `steps` to be a list of step ids');
    const asked = [...(step === undefined ? [] : [step]), ...steps].map(id => requireText('step', id));
    return this.#alone(executionId, async record => {
      // A process of its own that has just ended may not be gone yet.
      if (record.settledAt === null || this.#options.isHeld(executionId)) {
        throw new FlowError('execution_unsettled', `Expected a settled execution to retry, ${executionId} is ${record.status} (generation ${record.generation}). Wait until it has settled, or cancel it`, {
          details: { executionId, status: record.status, generation: record.generation },
        });
      }
      return this.#begin(record, await this.#choose(record, onNewDefinition), asked, cascade, request);
    });
  }

  /** Goes on with an execution: as it is, or, when its definition has changed and that is wanted, in a new generation. */
  async resume(executionId: string, options: ResumeOptions): Promise<void> {
    const { onNewDefinition = false } = requireObject('options', options);
    await this.#alone(executionId, async record => {
      const choice = await this.#choose(record, onNewDefinition);
      if (choice.isNew) {
        // Refused before anything is ended.
        await this.#requireRunnable(record, choice.plan);
        if (record.settledAt === null) await this.#options.supersede(executionId);
        const ended = await this.#options.requireExecution(executionId);
        await this.#begin(ended, choice, [], true);
        return;
      }
      if (record.settledAt !== null) {
        throw new FlowError('execution_settled', `Expected an unfinished execution to resume, ${executionId} has settled (${record.status}). To run steps of it again: retry`, { details: { executionId } });
      }
      await this.#requireRunnable(record, choice.plan);
      if (this.#options.goesOn(record)) {
        throw new FlowError('execution_active', `Expected an execution that stands still, ${executionId} goes on here already`, { details: { executionId } });
      }
      this.#options.goOn(record);
    });
  }

  /** Of two that want the same execution one waits for nothing: it is told. */
  async #alone<T>(executionId: string, work: (record: ExecutionRecord) => Promise<T>): Promise<T> {
    requireText('executionId', executionId);
    if (this.#busy.has(executionId)) {
      throw new FlowError('retry_conflict', `Expected nobody else to retry or resume ${executionId} at the same time; somebody does, and comes first`, { details: { executionId } });
    }
    this.#busy.add(executionId);
    try {
      const record = await this.#options.requireExecution(executionId);
      await adoptPlans(this.#options.store, this.#options.plans, record);
      if (isImported(record)) {
        throw new FlowError('execution_imported', `Expected an execution that ran here, ${executionId} was imported from a log and is there to be read. Start the flow anew`, { details: { executionId } });
      }
      return await work(record);
    } finally {
      this.#busy.delete(executionId);
    }
  }

  /** The definition to go on with. @throws a `FlowError` with code `definition_changed` */
  async #choose(record: ExecutionRecord, onNewDefinition: boolean): Promise<Choice> {
    const { plans, store } = this.#options;
    const pinned = await plans.load(store, record.digest);
    const current = plans.find(record.flowId);
    const none = new Set<string>();
    const same = { plan: pinned, changed: none, touched: none, isNew: false };
    if (!current || current.digest === pinned.digest) return same;
    const changes = compareDefinitions(pinned.definition, current.definition);
    if (isUnchanged(changes)) return same;
    if (!onNewDefinition) {
      throw new FlowError(
        'definition_changed',
        `Expected the flow "${record.flowId}" to be what ${record.executionId} began with; since then these have changed: ${describeChanges(changes)}. Go on with the new definition on request (\`onNewDefinition\`, --on-new-definition), or bring the old one back`,
        { details: { executionId: record.executionId, changes } },
      );
    }
    const changed = new Set([...changes.added, ...changes.changed.filter(one => one.affectsResult).map(one => one.stepId)]);
    return { plan: current, changed, touched: new Set(changes.changed.map(one => one.stepId)), isNew: true };
  }

  async #requireRunnable({ key, executionId, parentId, parentStep, input }: ExecutionRecord, plan: FlowPlan): Promise<void> {
    if (parentId !== null) {
      throw new FlowError('retry_of_child', `Expected an execution that no other one started; ${executionId} was started by ${parentId}. Retry the step of that which started it`, {
        details: { executionId, parentId, parentStep },
      });
    }
    const obstacle = this.#options.obstacles.find(plan);
    if (obstacle) throw new FlowError(obstacle.code, `The execution ${executionId} cannot go on here. ${obstacle.message}`, { details: obstacle.details ?? {} });
    await validateInput(plan.definition, readStored('inputs.input', key, input), this.#options.expressionTimeLimitMs);
  }

  async #begin(record: ExecutionRecord, { plan, changed, touched, isNew }: Choice, asked: readonly string[], cascade: boolean, request?: NamedRequest): Promise<number> {
    const { store, host, takeKey } = this.#options;
    await this.#requireRunnable(record, plan);
    const rows = await store.listSteps(record.key);
    const failed = new Set(rows.filter(({ item, status }) => item === noItem && status === 'failed').map(({ stepId }) => stepId));
    // A failed step whose `timeout` or `retry` was mended is worth another try. Asked for nothing in particular: what failed.
    const steps = asked.length > 0 ? asked : [...failed].filter(id => plan.positions.has(id) && (!isNew || touched.has(id)));
    const key = takeKey();
    const { runs, kept } = planGeneration({ key, plan, rows, steps, changed, cascade });
    if (runs.length === 0 && !isNew) {
      throw new FlowError('retry_nothing', `Expected something to retry in ${record.executionId}: every step has completed. Name a step to run it again`, { details: { executionId: record.executionId } });
    }
    const now = host().now();
    const { executionId, flowId, input, priority, idempotencyKey } = record;
    const header: ExecutionHeader = {
      key, executionId, generation: record.generation + 1, flowId, flowVersion: plan.definition.version, digest: plan.digest, input, priority, idempotencyKey,
      parentId: null, parentStep: null, createdAt: now, seq: 0, startedAt: null, settledAt: null,
    };
    const legacy = { steps: kept, signals: (await store.listSignals(record.key)).map(signal => ({ ...signal, executionKey: key })) };
    await host().ask({ type: 'start', header, plan, admit: true, legacy, flows: collectDigests(plan, this.#options.plans) }, request && { ...request, answer: header.generation });
    return header.generation;
  }
}
