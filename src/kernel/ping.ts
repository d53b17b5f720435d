import { noItem, toLocalAddress } from '../core/address.ts';
import { toIdempotencyKey } from '../core/ids.ts';
import { copyJson } from '../core/json.ts';
import type { ExecutionHeader } from './rows.ts';
import type { StepActor } from './tree.ts';

/** What the flow asks an executor to do: one run of one step. */
export interface Ping {
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  /** Place in the `for_each` list; undefined: the step itself. */
  readonly item: number | undefined;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt and every run. */
  readonly idempotencyKey: string;
  /** Longest the attempt may take, ms; null: no limit. */
  readonly timeoutMs: number | null;
  readonly input: unknown;
}

/** Says what the present run of a step, or what it waits for, is to be given. */
export const toPing = (header: ExecutionHeader, actor: StepActor): Ping => new NewPing(header, actor);

class NewPing implements Ping {
  readonly executionId: string;
  readonly flowId: string;
  readonly stepId: string;
  readonly item: number | undefined;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly timeoutMs: number | null;
  readonly input: unknown;

  constructor({ executionId, flowId, generation }: ExecutionHeader, { step, item, snapshot, input }: StepActor) {
    this.executionId = executionId;
    this.flowId = flowId;
    this.stepId = step.id;
    this.item = item === noItem ? undefined : item;
    this.attempt = snapshot.context.attempt;
    this.idempotencyKey = toIdempotencyKey(executionId, toLocalAddress(step.id, item), generation);
    this.timeoutMs = step.timeoutMs;
    this.input = input === undefined ? (step.with?.value ?? {}) : copyJson(input);
  }
}
