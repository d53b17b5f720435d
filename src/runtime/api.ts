import type { Logger } from '../core/logger.ts';
import type { AnyStore } from '../../persistence/records/open-records.ts';
import type { Clock } from '../core/clock.ts';
import type { DebugOptions } from '../debugger/debug-options.ts';
import type { Debugger } from '../debugger/debugger.ts';
import type { Random } from '../core/ids.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Flow, FlowTypes } from '../definition/typed-flow.ts';
import type { OutputDir } from '../kinds/flows/artifacts/output-files.ts';
import type { ModelClient } from '../kinds/flows/interactions/model-client.ts';
import type { Consolidator } from '../kinds/flows/consolidation/consolidator.ts';
import type { ConsolidatedSession } from '../kinds/flows/consolidation/session.ts';
import type { KindDefinition } from '../engine/define-kind.ts';
import type { Refusal } from '../engine/kind.ts';
import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import type { MachineOptions, MachineRuntime } from '../kinds/actors/machine-api.ts';
import type { QueueRuntime, QueueRuntimeOptions } from '../kinds/queues/queue-api.ts';
import type { IsolationOptions } from '../isolation/isolation-options.ts';
import type { Inspect, Recover } from '../kinds/flows/resolved-options.ts';
import type { ListOptions } from '../kinds/flows/list-executions.ts';
import type { Tool } from '../kinds/flows/tool.ts';
import type { Artifacts, Execution, ExecutionSummary, Interactions, ResumeOptions, RetryOptions, RuntimeHealth, SettledExecution, SignalOptions, StartArguments, StartOptions, TransitionUpdate } from '../kinds/flows/execution-api.ts';
export interface RuntimeOptions extends QueueRuntimeOptions, MachineOptions {
  readonly store: AnyStore;
  /** Beside the built-in ones. */
  readonly tools?: readonly Tool[];
  readonly flows?: readonly FlowDefinition[];
  /** Score executions in place of the built-in formula; named by a flow's `consolidation.uses`. */
  readonly consolidators?: { readonly [name: string]: Consolidator };
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Flows in memory at the same time, 1 or more. Default 1,024; the others wait in the store. */
  readonly maxActiveFlows?: number;
  /** Handlers that run at the same time over all flows, 1 or more. Default 1,024. */
  readonly maxRunningSteps?: number;
  /** Flows that may start one another in a row, 1 or more. Default 1,000; the next one fails with `flow_too_deep`. */
  readonly maxFlowDepth?: number;
  /** Unsettled child flows below one execution, 1 or more. Default 10,000; the next one fails with `child_flows_too_many`. */
  readonly maxChildFlows?: number;
  /** Crashes during a run after which a step fails. Default 5. */
  readonly maxInterruptions?: number;
  /** Largest output of a step, bytes of JSON. Default 4 MiB. */
  readonly maxOutputBytes?: number;
  /** A flow whose next wait ends sooner than this stays in memory, ms. Default 1,000. */
  readonly keepResidentMs?: number;
  /** Most CPU that an expression, or the check of an input, may take, ms. Default 1,000. */
  readonly expressionTimeLimitMs?: number;
  /**
   * What to continue when the runtime is created: everything (default), nothing, or what the function says yes to.
   * What is not continued stays in the store as it is.
   */
  readonly recover?: Recover;
  /** How flows run in processes of their own; false: none does, also no static one. */
  readonly isolation?: IsolationOptions | false;
  /** Lets other processes in over a local socket, when the store is a file. Default true. */
  readonly listen?: boolean;
  /** Called with XState's inspection events of every hosted actor, those of machines of your own too, after the commit. Costs time. */
  readonly inspect?: Inspect;
  /** Deletes settled executions and actors this long after they settled, and older journal entries of actors, ms. Default 30 days; null: never. */
  readonly retentionMs?: number | null;
  /** Warns in the log when the store is larger, bytes. Default 1 GiB. */
  readonly sizeBudgetBytes?: number;
  /** Largest artifact, bytes. Default 256 MiB. */
  readonly maxArtifactBytes?: number;
  /**
   * Where artifacts are written as files, beside the store: a folder, or for each execution the folder that the function
   * names (undefined: as the flow says). Default: `output_dir` of the flow.
   */
  readonly outputDir?: OutputDir;
  /** Reaches the language models that `generate` asks. Default: none. */
  readonly models?: ModelClient;
  /** Texts that are never stored in an interaction, as keys: they are taken out of prompts, responses and reasons. */
  readonly secrets?: readonly string[];
  /** How executions and actors may be held and stepped; see `runtime.debug`. */
  readonly debug?: DebugOptions;
  /** Kinds of actors of your own, made with `defineKind` of `flowstone/kit`. */
  readonly kinds?: readonly KindDefinition<object, object, unknown, unknown>[];
}

export interface Runtime extends QueueRuntime, MachineRuntime {
  /**
   * Starts a flow that `createRuntime` was given: by its id, or by the flow itself, which types its input, signals and outputs.
   *
   * @throws a `FlowError` with code `flow_unknown`, `input_invalid`, `tool_unknown`, `value_unknown` or the like
   */
  start(flowId: string, options?: StartOptions): Promise<Execution>;
  start<Types extends FlowTypes>(flow: Flow<Types>, ...options: StartArguments<Types>): Promise<Execution<Types>>;
  /** @throws a `FlowError` with code `execution_not_found`. */
  get(executionId: string): Promise<Execution>;
  /** At most `limit`. Page by page: `createClient(runtime).list()`. */
  list(options?: ListOptions): Promise<ExecutionSummary[]>;
  signal(executionId: string, name: string, payload?: unknown, options?: SignalOptions): Promise<void>;
  cancel(executionId: string, message?: string): Promise<boolean>;
  settled(executionId: string): Promise<SettledExecution>;
  /**
   * Runs steps of a settled execution again, in a new generation of it; resolves when that is stored. Everything else is kept.
   *
   * @throws a `FlowError` with code `execution_unsettled`, `retry_conflict`, `retry_nothing`, `retry_blocked`, `retry_of_child`,
   * `step_unknown` or `definition_changed`
   */
  retry(executionId: string, options?: RetryOptions): Promise<Execution>;
  /**
   * Goes on with an unfinished execution that `recover` left out, or, with `onNewDefinition`, on a definition that has changed.
   *
   * @throws a `FlowError` with code `execution_settled`, `execution_active`, `retry_conflict` or `definition_changed`
   */
  resume(executionId: string, options?: ResumeOptions): Promise<Execution>;
  /** What an execution came to, the latest `generation` unless one is asked for; undefined until it is scored. */
  consolidated(executionId: string, options?: { readonly generation?: number }): Promise<ConsolidatedSession | undefined>;
  transitions(executionId: string, options?: { readonly after?: number }): AsyncIterable<TransitionUpdate>;
  /**
   * Tells an instance of a kind of your own; resolves with its answer, once what it decided is stored.
   *
   * @throws a `FlowError` with code `kind_unknown`, or what the kind refuses it with
   */
  send<State extends object, Command extends object, Answer, Effect>(kind: KindDefinition<State, Command, Answer, Effect>, command: NoInfer<Command>): Promise<Exclude<Answer, Refusal>>;
  /**
   * Tells everything that happens to executions, actors and messages, in the order in which it was stored: page by page, from
   * now on or `after` a cursor. `followStore` does the same from another process.
   *
   * @throws a `FlowError` with code `cursor_invalid` or `option_invalid`
   */
  feed(options?: FeedOptions): AsyncIterable<FeedPage>;
  /** Unfinished executions this runtime went on with when it was created or restarted. */
  readonly recovered: readonly ExecutionSummary[];
  readonly artifacts: Artifacts;
  readonly interactions: Interactions;
  /**
   * Has executions and actors stand still, and lets them go on message by message. Made when it is first asked for; until
   * something is held it costs nothing.
   */
  readonly debug: Debugger;
  health(): RuntimeHealth;
  /** After a failed commit: drops what is in memory and goes on from the store. */
  restart(): Promise<void>;
  /**
   * Starts nothing new, waits for running handlers, then aborts them; their attempts are given back and begin again at
   * the next start. Releases the store. `timeoutMs` defaults to 10,000.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}
