import type { InspectionEvent } from 'xstate';
import type { Logger } from '../core/logger.ts';
import type { ExecutionStatus, OwnerRecord, StepStatus } from '../../persistence/records.ts';
import type { AnyStore } from '../../persistence/records/open-records.ts';
import type { StepRecovery } from '../../machines/step.ts';
import type { Clock } from '../core/clock.ts';
import type { StepFailure } from '../core/failure.ts';
import type { Random } from '../core/ids.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { Flow, FlowTypes } from '../definition/typed-flow.ts';
import type { ArtifactContent, ArtifactInfo, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { FileReport, OutputDir } from './artifacts/output-files.ts';
import type { InteractionInfo, InteractionTotals } from './interactions/interaction.ts';
import type { ModelClient } from './interactions/model-client.ts';
import type { ListInteractionsOptions } from './interactions/read-interactions.ts';
import type { Consolidator } from './consolidation/consolidator.ts';
import type { ConsolidatedSession } from './consolidation/session.ts';
import type { FeedOptions } from './feed/feed-options.ts';
import type { FeedPage } from './feed/feed.ts';
import type { MachineOptions, MachineRuntime } from '../machine-host/machine-api.ts';
import type { QueueRuntime, QueueRuntimeOptions } from '../queue/queue-api.ts';
import type { IsolationOptions } from '../isolation/isolation-options.ts';
import type { Tool } from './tool.ts';

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
  readonly recover?: boolean | ((execution: { readonly executionId: string; readonly flowId: string; readonly digest: string }) => boolean);
  /** How flows run in processes of their own; false: none does, also no static one. */
  readonly isolation?: IsolationOptions | false;
  /** Takes signals and cancels from other processes over a local socket, when the store is a file. Default true. */
  readonly listen?: boolean;
  /** Called with XState's inspection events of every hosted actor, those of machines of your own too, after the commit. Costs time. */
  readonly inspect?: (event: InspectionEvent) => void;
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
}

export interface StartOptions {
  /** Checked against the flow's `input` schema. Default `{}`. */
  readonly input?: unknown;
  /** Same key, same execution: a second start with it answers with the first one's. */
  readonly idempotencyKey?: string;
  /** Higher goes first when flows wait to be admitted. Default 0. */
  readonly priority?: number;
  /** Marks the execution for listings and statistics, such as `{ agent: 'gpt-5' }`. At most 20, of at most 200 characters. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it runs in a process of its own. Default: when its `flow_type` is `static`. */
  readonly isolate?: boolean;
}

/** What a retry runs again. Without `step` and `steps`: what failed. */
export interface RetryOptions {
  readonly step?: string;
  /** Several at once. */
  readonly steps?: readonly string[];
  /** Whether everything downstream runs again, too. Default true; false: results there are kept and marked `stale`. */
  readonly cascade?: boolean;
  /** Whether a definition that has changed since is taken: then what changed runs again, with all that depends on it. Default false. */
  readonly onNewDefinition?: boolean;
}

export interface SignalOptions {
  /** Whether a signal is stored that no step or machine of the flow takes. Default false. */
  readonly force?: boolean;
}

export interface ResumeOptions {
  /** As for a retry: the execution then goes on in a new generation. Default false. */
  readonly onNewDefinition?: boolean;
}

/** Which of its lives an execution is read in. */
export interface GenerationOptions {
  /** From 1. Default: the newest. */
  readonly generation?: number;
}

/** A step as callers see it. One that has not begun is `pending`. */
export interface StepResult {
  readonly stepId: string;
  /** Place in the `for_each` list; undefined for the step itself. */
  readonly item?: number;
  readonly status: StepStatus;
  /** Attempts begun; runs cut off by a crash are counted in `interruptions` instead. */
  readonly attempts: number;
  readonly interruptions: number;
  /** Why it failed, was skipped or cancelled; while it is retrying: why the last attempt failed. */
  readonly reason?: StepFailure;
  readonly output?: unknown;
  /** The generation it ran in, when this one has kept it. */
  readonly keptFrom?: number;
  /** Kept although something upstream of it ran again since: made of an older input. */
  readonly stale?: true;
  /** How it is being recovered, or was; left out when it was not. See docs/guides/modes-and-recovery.md. */
  readonly recovery?: StepRecovery;
  /** The signal that answers it: it asks a person what to do. */
  readonly asksFor?: string;
  /** When the present wait ends: a back-off, a sleep, a deadline. Epoch ms. */
  readonly dueAt?: number;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
}

export interface ExecutionSummary {
  readonly executionId: string;
  /** Which life of it this is, from 1: each retry begins the next. */
  readonly generation: number;
  readonly flowId: string;
  readonly flowVersion: string;
  readonly status: ExecutionStatus;
  readonly passed: boolean | null;
  readonly score: number | null;
  readonly failure: StepFailure | null;
  readonly priority: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly settledAt: number | null;
  /** When a sleeping execution wakes, epoch ms. */
  readonly wakeAt: number | null;
  /** Why an unsettled execution is not continued here: tools or flows that this runtime does not have. */
  readonly blockedBy?: StepFailure;
}

export interface ExecutionDetails extends ExecutionSummary {
  readonly input: unknown;
  /** What it was marked with when it started; left out when with nothing. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The id of what it came to; null until it is scored, and when it has failed before. */
  readonly consolidatedSessionId: string | null;
  /** Why it could not be consolidated: then its score is 0. */
  readonly consolidationError?: StepFailure;
  /** In the definition's order; items of a `for_each` step follow the step when asked for. */
  readonly steps: readonly StepResult[];
}

/** Outputs by step; null: the step has none. */
export interface StepOutputs {
  readonly [stepId: string]: unknown;
}

export interface SettledExecution<Outputs = StepOutputs> extends ExecutionDetails {
  /** Of each step, by id; null: it has none. Left out when it is written as JSON: `steps` has them. */
  readonly outputs: Outputs;
  readonly status: 'scored' | 'failed';
  readonly passed: boolean;
  readonly score: number;
  readonly settledAt: number;
  /** From start to settled, ms. */
  readonly durationMs: number;
}

/** What `transitions` yields: where the execution stands, then everything that happens to it. */
export type TransitionUpdate =
  | { readonly type: 'snapshot'; readonly seq: number; readonly execution: ExecutionDetails }
  | {
      readonly type: 'transition';
      /** Rising by one per execution, from 1. */
      readonly seq: number;
      readonly at: number;
      /** `orchestrator/flow:<executionId>/step:<stepId>/item:<n>`. */
      readonly address: string;
      readonly event: { readonly type: string; readonly [key: string]: unknown };
      /** The state reached; null: the event was recorded and ignored. */
      readonly state: string | null;
    };

/** How far an execution is. */
export interface FlowProgress {
  /** 0 to 1, weighted by how long steps are expected to take; 1 only when the execution has settled. */
  readonly share: number;
  readonly settledSteps: number;
  readonly totalSteps: number;
  /** Since its start, ms. */
  readonly elapsedMs: number;
  /** What is likely left, ms; null: nothing is known yet of how long its steps take. */
  readonly remainingMs: number | null;
  /** Running steps past what they ever need: their `expected_duration`, or what earlier executions took. */
  readonly stalled: readonly { readonly stepId: string; readonly runningMs: number; readonly expectedMs: number }[];
}

/** Documents that steps have made. Readable as soon as they are committed, while the execution runs. */
export interface Artifacts {
  /** By name. Reads no contents. */
  list(executionId: string, options?: ListArtifactsOptions): Promise<ArtifactInfo[]>;
  /**
   * The newest version, unless another is asked for.
   *
   * @throws a `FlowError` with code `artifact_not_found`
   */
  get(executionId: string, name: string, options?: { readonly version?: number }): Promise<ArtifactContent>;
  /** Makes the files in a folder what the newest versions are. Default: the folder they were written to when it ran. */
  writeFiles(executionId: string, folder?: string): Promise<FileReport>;
}

/** Recorded calls of language models. */
export interface Interactions {
  /** In the order in which they began. */
  list(executionId: string, options?: ListInteractionsOptions): Promise<InteractionInfo[]>;
  /** Counts, tokens, cost and time: of each step and model, and altogether. */
  totals(executionId: string): Promise<InteractionTotals>;
}

/** What is known of the flow of an execution that was found by its id. */
export interface AnyFlowTypes extends FlowTypes {
  readonly outputs: StepOutputs;
}

type SignalName<Types extends FlowTypes> = unknown extends Types['signals'] ? string : keyof Types['signals'] & string;

/** The payload may be left out where nothing says that there is one. */
type SignalPayload<Types extends FlowTypes, Name> = unknown extends Types['signals']
  ? readonly [payload?: unknown, options?: SignalOptions]
  : Name extends keyof Types['signals']
    ? (undefined extends Types['signals'][Name] ? readonly [payload?: Types['signals'][Name], options?: SignalOptions] : readonly [payload: Types['signals'][Name], options?: SignalOptions])
    : readonly [payload?: unknown, options?: SignalOptions];

/** As `StartOptions`, with the input that the flow takes; required unless it may be nothing, or an empty object. */
export type StartOptionsOf<Types extends FlowTypes> = Omit<StartOptions, 'input'> & (Record<never, never> extends Types['input'] ? { readonly input?: Types['input'] } : { readonly input: Types['input'] });

type StartArguments<Types extends FlowTypes> = Record<never, never> extends Types['input'] ? readonly [options?: StartOptionsOf<Types>] : readonly [options: StartOptionsOf<Types>];

/** A handle on one execution. */
export interface Execution<Types extends FlowTypes = AnyFlowTypes> {
  readonly executionId: string;
  /** False when `start` met an execution with the same idempotency key. */
  readonly created: boolean;
  get(options?: GenerationOptions & { readonly items?: boolean }): Promise<ExecutionDetails>;
  /** How far it is, and what is likely left. */
  progress(): Promise<FlowProgress>;
  /** Everything it did, under one id, with its score; undefined until it is scored. */
  consolidated(options?: GenerationOptions): Promise<ConsolidatedSession | undefined>;
  /** Resolves when the execution has settled, also when it failed. Rejects when the runtime stops before. */
  settled(): Promise<SettledExecution<Types['outputs']>>;
  /** @throws a `FlowError` with code `signal_unknown` when no step or machine of its flow takes a signal of that name */
  signal<Name extends SignalName<Types>>(name: Name, ...payload: SignalPayload<Types, Name>): Promise<void>;
  /** Resolves when the cancel is stored; false: the execution had settled before. */
  cancel(message?: string): Promise<boolean>;
  /** As `runtime.retry`. */
  retry(options?: RetryOptions): Promise<void>;
  /** Snapshot first, then every transition; ends when this generation has settled. `after`: leave out up to that number. */
  transitions(options?: { readonly after?: number }): AsyncIterable<TransitionUpdate>;
}

/** Whether the runtime works, and if not, why. */
export interface RuntimeHealth {
  /** `faulted`: a commit failed; nothing runs until `restart`. */
  readonly status: 'running' | 'faulted' | 'stopping' | 'stopped';
  readonly error?: Error;
  /** Flows in memory. */
  readonly activeFlows: number;
  /** Handlers running now. */
  readonly runningSteps: number;
  readonly owner: OwnerRecord;
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
  list(options?: {
    readonly status?: readonly ExecutionStatus[];
    readonly flowId?: string;
    readonly limit?: number;
  }): Promise<ExecutionSummary[]>;
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
  health(): RuntimeHealth;
  /** After a failed commit: drops what is in memory and goes on from the store. */
  restart(): Promise<void>;
  /**
   * Starts nothing new, waits for running handlers, then aborts them; their attempts are given back and begin again at
   * the next start. Releases the store. `timeoutMs` defaults to 10,000.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
}
