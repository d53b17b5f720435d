import type { ExecutionRecord } from '../../../persistence/records.ts';
import { importPrefix } from '../../../persistence/records.ts';
import type { Records } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { createExecutionId } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import { validateInput } from '../../definition/input-schema.ts';
import type { StartOptions } from './execution-api.ts';
import type { ChildParams } from './child-flows.ts';
import { requireLabels, requireObject, requireText } from './check-arguments.ts';
import type { PlanRegistry } from './plan-registry.ts';
import { collectDigests } from './plan-registry.ts';
import { TurnRoom } from '../../engine/turn-room.ts';
import type { NamedRequest } from '../../engine/kind.ts';
import type { Host } from './host.ts';
import type { Isolation } from './isolation.ts';
import type { Obstacles } from './may-go-on.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';

export interface StartParams extends StartOptions {
  readonly executionId?: string;
  readonly parentId?: string;
  readonly parentStep?: string;
}

/** Whether `start` made the execution, or met one with the same idempotency key. */
export interface Started {
  readonly executionId: string;
  readonly created: boolean;
}

export interface StarterOptions {
  readonly store: Records;
  readonly plans: PlanRegistry;
  readonly obstacles: Obstacles;
  readonly maxOutputBytes: number;
  readonly expressionTimeLimitMs: number;
  readonly host: () => Host;
  /** The next number under which rows are kept. */
  readonly takeKey: () => number;
  /** Has executions run in processes of their own; undefined: there are none. */
  readonly isolation: () => Isolation | undefined;
  /** Has an unsettled execution brought into memory. */
  readonly bring: (record: ExecutionRecord) => void;
}

/** Starts prepared in one turn of the event loop: as many as a tick takes. */
const startsPerTurn = 1_000;

/** Starts executions, each idempotency key once. */
export class Starter {
  readonly #options: StarterOptions;
  /** By idempotency key: the flow, and the start that is under way. */
  readonly #starting = new Map<string, { readonly flowId: string; readonly started: Promise<Started> }>();

  readonly #room = new TurnRoom(startsPerTurn);

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  async start(flowId: string, params: StartParams, request?: NamedRequest): Promise<Started> {
    requireText('flowId', flowId);
    const { idempotencyKey } = requireObject('options', params);
    if (idempotencyKey !== undefined) requireText('idempotencyKey', idempotencyKey);
    if (idempotencyKey?.startsWith(importPrefix)) {
      throw new FlowError('option_invalid', `Expected \`idempotencyKey\` not to begin with \`${importPrefix}\`, which marks imported executions; got \`${idempotencyKey}\``);
    }
    if (idempotencyKey === undefined) return this.#start(flowId, params, request);
    const starting = this.#starting.get(idempotencyKey);
    if (starting) {
      requireSameFlow(idempotencyKey, flowId, starting.flowId);
      return { ...(await starting.started), created: false };
    }
    const started = this.#startOnce(flowId, params, idempotencyKey, request);
    this.#starting.set(idempotencyKey, { flowId, started });
    try {
      return await started;
    } finally {
      this.#starting.delete(idempotencyKey);
    }
  }

  /** Starts a flow that another one waits for, or goes on with it. */
  async startChild(params: ChildParams, known: ExecutionRecord | undefined): Promise<void> {
    if (!known) await this.#start(params.flowId, params);
    else if (known.settledAt === null) this.#options.bring(known);
  }

  async #startOnce(flowId: string, params: StartParams, idempotencyKey: string, request: NamedRequest | undefined): Promise<Started> {
    const known = await this.#options.store.findByIdempotencyKey(idempotencyKey);
    if (!known) return this.#start(flowId, params, request);
    requireSameFlow(idempotencyKey, flowId, known.flowId, known.executionId);
    return { executionId: known.executionId, created: false };
  }

  async #start(flowId: string, params: StartParams, request?: NamedRequest): Promise<Started> {
    const { plans, obstacles, maxOutputBytes, expressionTimeLimitMs, host, takeKey } = this.#options;
    const waiting = this.#room.enter();
    if (waiting) await waiting;
    const plan = plans.require(flowId, params.parentId !== undefined);
    // A flow that another one started runs where that one does.
    const isolation = params.parentId === undefined ? this.#options.isolation() : undefined;
    if (params.isolate && !isolation && params.parentId === undefined) {
      throw new FlowError('isolation_unavailable', `Expected to run the flow "${flowId}" in a process of its own, but this runtime was opened with \`isolation: false\``);
    }
    const isIsolated = isolation?.takes(plan, params.isolate) ?? false;
    const obstacle = isIsolated ? undefined : obstacles.find(plan);
    if (obstacle) throw new FlowError(obstacle.code, `The flow "${flowId}" cannot start. ${obstacle.message}`, { details: obstacle.details ?? {} });
    const { input = {}, priority = 0, idempotencyKey = null, parentId = null, parentStep = null } = params;
    if (!Number.isSafeInteger(priority)) throw new FlowError('option_invalid', `Expected \`priority\` to be an integer, got \`${String(priority)}\``);
    const labels = params.labels && requireLabels(params.labels);
    const limits = { maxBytes: maxOutputBytes, name: 'input' };
    // Without a schema there is nothing to check, and nothing to fill in.
    const hasSchema = plan.definition.input !== undefined;
    const json = encodeJson(hasSchema ? await validateInput(plan.definition, JSON.parse(encodeJson(input, limits)), expressionTimeLimitMs) : input, limits);
    const now = host().now();
    const executionId = params.executionId ?? createExecutionId(now);
    const header: ExecutionHeader = {
      key: takeKey(),
      executionId,
      generation: 1,
      flowId,
      flowVersion: plan.definition.version,
      digest: plan.digest,
      input: json,
      priority,
      idempotencyKey,
      parentId,
      parentStep,
      createdAt: now,
      seq: 0,
      startedAt: null,
      settledAt: null,
    };
    const named = request && { ...request, answer: { executionId, created: true } satisfies Started };
    if (isolation && isIsolated) await isolation.start(header, plan, labels, named);
    else await host().ask({ type: 'start', header, plan, admit: parentId === null, flows: collectDigests(plan, plans), labels }, named);
    return { executionId, created: true };
  }
}

/**
 * A key belongs to the flow that was started with it first: what came of that one is no answer to somebody who wants another.
 *
 * @param executionId of the first one; undefined while it is being started
 * @throws a `FlowError` with code `idempotency_key_taken` that names both flows
 */
export function requireSameFlow(idempotencyKey: string, flowId: string, firstFlowId: string, executionId?: string): void {
  if (flowId === firstFlowId) return;
  const which = executionId === undefined ? '' : ` (${executionId})`;
  throw new FlowError('idempotency_key_taken', `Expected an idempotency key of the flow "${flowId}", got "${idempotencyKey}", with which the flow "${firstFlowId}" was started${which}. Give each flow keys of its own, such as "${flowId}:${idempotencyKey}"`, {
    details: { idempotencyKey, flowId, startedFlowId: firstFlowId, ...(executionId !== undefined && { executionId }) },
  });
}
