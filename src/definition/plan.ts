import type { StepKind, StepRole } from './step-kind.ts';
import type { ArtifactKind } from '../core/artifact-kind.ts';
import type { RetryPolicy } from '../core/backoff.ts';
import type { EvaluatorApart } from '../evaluator/evaluation-task.ts';
import type { AssertionDefinition } from './assertion-schema.ts';
import type { FlowDefinition } from './schema.ts';

/** What a critical step's failure does: stop everything, cost the flow its pass, or only its weight. */
export type FlowMode = 'strict' | 'conditional' | 'lenient';

/** Where a flow runs: in a process of its own that opens no database, or here. */
export type FlowType = 'static' | 'dynamic';

/** What a failed item of a `for_each` step does: fail the step, be left out of the output, or stand in it as `{ failure }`. */
export type ItemFailurePolicy = 'fail' | 'skip' | 'collect';

/** Values an expression can see. `steps` holds the outputs of upstream steps; a step without an output is `null`. */
export interface ExpressionScope {
  readonly input: unknown;
  readonly steps: { readonly [stepId: string]: { readonly output: unknown; readonly status: string; readonly artifacts?: { readonly [name: string]: unknown } } };
  readonly item?: unknown;
  readonly index?: number;
  /** The step's own output; only for its artifacts. */
  readonly output?: unknown;
}

/** What is bound to `$now`, `$millis` and `$random`, so that a replay computes the same; and the limits of an evaluation. */
export interface RecordedValues {
  /** Epoch ms. */
  readonly now: number;
  /** Seeds `$random`; any text. */
  readonly seed: string;
  /** Most CPU an evaluation may take, ms. */
  readonly timeLimitMs: number;
  /** How much the results of all its expressions may come to. */
  readonly room: ResultRoom;
  /** Evaluates what is not sure to be little. Left out: evaluated here, with the limit looked at between its steps. */
  readonly apart?: EvaluatorApart | undefined;
}

/** Room for results, bytes of JSON. */
export interface ResultRoom {
  readonly maxBytes: number;
  used: number;
}

/** A value of the definition with its expressions compiled. */
export interface CompiledValue {
  /** Whether it holds no expression. */
  readonly constant: boolean;
  /** The value itself when it is constant; undefined otherwise. */
  readonly value: unknown;
  /** Upstream steps whose outputs it reads, by id. */
  readonly references: readonly string[];
  /** Those of them whose artifacts it reads. */
  readonly artifactsOf: readonly string[];
  /** @throws a `FlowError` with code `expression_failed` or `expression_timeout`. */
  evaluate(scope: ExpressionScope, recorded: RecordedValues): Promise<unknown>;
}

/** A document that a step makes of its output. */
export interface PlannedArtifact {
  readonly name: CompiledValue;
  readonly kind: ArtifactKind;
  readonly contentType: string;
  readonly from: CompiledValue;
  /** Path below the output folder; null: as the name; false: not written there. */
  readonly file: CompiledValue | null | false;
}

/** A model to be tried, and how. */
export interface PlannedModel {
  readonly model: string;
  /** Calls before the next one is tried. */
  readonly attempts: number;
  /** Longest one call may take, ms; null: no limit. */
  readonly timeoutMs: number | null;
}

/** What is tried when a step's attempts are used up, in this order. */
export interface RecoverPolicy {
  /** How further attempts are made. */
  readonly retry: RetryPolicy | null;
  /** Position of the step that stands in for this one. */
  readonly alternative: number | null;
  /** A person decides, by a signal of this name; `timeoutMs` null: may take for ever. */
  readonly ask: { readonly signal: string; readonly timeoutMs: number | null } | null;
}

/** A step as the runtime needs it: names resolved to positions, durations to ms, expressions compiled. */
export interface PlannedStep {
  /** Place in the definition, 0-based. */
  readonly position: number;
  readonly id: string;
  /** As written: `tool:name`, `exec`, `http`, `sleep`, `signal`, `flow:id`, `machine:id`. */
  readonly uses: string;
  /** What `uses` means. */
  readonly kind: StepKind;
  readonly role: StepRole;
  /** The handler's name for a task (`exec` and `http` are tools of that name), the flow's id for a flow, the machine's for a machine. */
  readonly target: string;
  readonly dependsOn: readonly number[];
  readonly dependents: readonly number[];
  readonly critical: boolean;
  /** Whether it runs whatever has become of the steps it depends on, also when the flow has halted or was cancelled. */
  readonly always: boolean;
  readonly weight: number;
  /** Longest one attempt (or one wait) may take, ms; null: no limit. */
  readonly timeoutMs: number | null;
  /** How long it usually takes, ms; null: not declared, to be learned. */
  readonly expectedMs: number | null;
  readonly retry: RetryPolicy;
  readonly recover: RecoverPolicy | null;
  /** Position of the step that this one stands in for; null: it is a step like any other. */
  readonly alternativeOf: number | null;
  /** The handler's input, or what `sleep` and `signal` need. */
  readonly with: CompiledValue | null;
  readonly when: CompiledValue | null;
  readonly forEach: CompiledValue | null;
  /** Items of a `for_each` step that may run at the same time; null: as many as the flow lets. */
  readonly concurrency: number | null;
  /** What a failed item does to its step; null: as the mode of the flow says. */
  readonly onItemFailure: ItemFailurePolicy | null;
  readonly artifacts: readonly PlannedArtifact[];
  /** In the order in which they are tried. */
  readonly models: readonly PlannedModel[];
}

/** How the state is read when all steps have settled. */
export interface PlannedState {
  /** The name of the tool that reads it. */
  readonly target: string;
  /** Its input; may read any step. */
  readonly with: CompiledValue | null;
  /** The step whose output is the first reading; null: there is none. */
  readonly initial: number | null;
  /** Longest the reading may take, ms; null: as long as the consolidation may. */
  readonly timeoutMs: number | null;
}

/** A definition made ready to run. Immutable, one per digest. */
export interface FlowPlan {
  readonly definition: FlowDefinition;
  /** SHA-256 of the canonical JSON of the definition, hex. */
  readonly digest: string;
  readonly steps: readonly PlannedStep[];
  readonly positions: ReadonlyMap<string, number>;
  /** Default `dynamic`. */
  readonly flowType: FlowType;
  readonly mode: FlowMode;
  /** What a strict flow does with what runs when a critical step has failed. */
  readonly onHalt: 'cancel' | 'finish';
  readonly concurrency: number;
  readonly timeoutMs: number | null;
  /** Least score, 0 to 1, with which the flow passes. */
  readonly minScore: number;
  /** How the state is read at the end; null: there is none to read. */
  readonly state: PlannedState | null;
  readonly assertions: readonly AssertionDefinition[];
  /** Folder for the files of its artifacts, as written; null: none. */
  readonly outputDir: string | null;
  readonly consolidation: {
    readonly timeoutMs: number;
    /** Name of the consolidator; null: the built-in one. */
    readonly uses: string | null;
  };
  /** Names of the tools it uses. */
  readonly tools: readonly string[];
  /** Whether a step of it waits for a message. */
  readonly awaitsMessages: boolean;
  /** Ids of the flows it starts. */
  readonly flows: readonly string[];
  /** Ids of the machines that its steps are. */
  readonly machines: readonly string[];
  /** Places of its values that are functions; none: it can run in a process of its own. */
  readonly functions: readonly string[];
}
