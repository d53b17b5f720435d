import type { NamedRequest } from '../../engine/kind.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';

/** Whoever has executions run in processes of their own, as the runtime sees it. */
export interface Isolation {
  /** Runs, by the execution with which each began. */
  readonly runs: ReadonlyMap<string, unknown>;
  /** Whether a process of its own has the execution, or will: then nothing of it begins here. */
  holds(executionId: string): boolean;
  /**
   * Whether a start goes to a process of its own.
   *
   * @param isolate what the caller said; undefined: as the definition says
   * @throws a `FlowError` with code `isolation_unavailable` when it should and cannot
   */
  takes(plan: FlowPlan, isolate: boolean | undefined): boolean;
  /** Resolves when the execution is stored; its process begins when there is room for it. */
  start(header: ExecutionHeader, plan: FlowPlan, labels?: Readonly<Record<string, string>>, request?: NamedRequest): Promise<void>;
  /** Goes on with one that was left where it was; false: it is not one of these. */
  goOn(executionId: string): boolean;
  /** Passes a signal on; undefined: no process has the execution. */
  signal(executionId: string, name: string, payload: unknown, request?: NamedRequest): Promise<void> | undefined;
  /** Passes a cancel on; undefined: no process has the execution. */
  cancel(executionId: string, message: string, request?: NamedRequest): Promise<boolean> | undefined;
}
