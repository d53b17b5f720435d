import type { ExecutionStatus, OwnerRecord, StepStatus } from '../../../persistence/records.ts';
import type { StepRecovery } from '../../../machines/step.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { FlowTypes } from '../../definition/typed-flow.ts';
import type { ArtifactContent, ArtifactInfo, ListArtifactsOptions } from './artifacts/artifact.ts';
import type { FileReport } from './artifacts/output-files.ts';
import type { InteractionInfo, InteractionTotals } from './interactions/interaction.ts';
import type { ListInteractionsOptions } from './interactions/read-interactions.ts';
import type { ConsolidatedSession } from './consolidation/session.ts';

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
  /** It stands still: somebody debugs it. */
  readonly heldBy?: 'inspector';
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

export type StartArguments<Types extends FlowTypes> = Record<never, never> extends Types['input'] ? readonly [options?: StartOptionsOf<Types>] : readonly [options: StartOptionsOf<Types>];

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
  /** What stands still because somebody debugs it: ids of executions, `actor:<id>` of actors. Left out: nothing does. */
  readonly heldByInspector?: readonly string[];
}
