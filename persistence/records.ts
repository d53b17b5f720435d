import { z } from 'zod';

/** Failures as they are stored: see `StepFailure` in src/core/failure.ts. */
export const failureRecord = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});

const at = z.number().int().nonnegative();
const json = z.string();

const executionBase = {
  /** Number under which the rows of this execution are kept; given by the owner, rising. */
  key: z.number().int().positive(),
  executionId: z.string(),
  /** Which life of it this is, from 1: each retry is the next. Only the newest one can be unsettled. */
  generation: z.number().int().positive(),
  flowId: z.string(),
  flowVersion: z.string(),
  /** Digest of the definition it started with, for life. */
  digest: z.string(),
  /** The input, JSON text. */
  input: json,
  /** Higher goes first. */
  priority: z.number().int(),
  idempotencyKey: z.string().nullable(),
  /** The execution and step (address below it) that started it. */
  parentId: z.string().nullable(),
  parentStep: z.string().nullable(),
  /** The machine's context, JSON text. */
  context: json,
  /** Sequence number of the last transition in the journal; 0: none yet. */
  seq: z.number().int().nonnegative(),
  createdAt: at,
};

/**
 * One life of a flow: an execution has as many as it has generations.
 *
 * `wakeAt`: 0 while it has work in progress, the due time while it sleeps, null when only a signal or another flow can wake it
 * (and when it is settled).
 */
export const executionRecord = z.discriminatedUnion('status', [
  z.object({ ...executionBase, status: z.literal('pending'), wakeAt: z.literal(null), startedAt: z.null(), settledAt: z.null(), score: z.null(), passed: z.null(), failure: z.null() }),
  z.object({ ...executionBase, status: z.enum(['stepping', 'consolidating']), wakeAt: at.nullable(), startedAt: at, settledAt: z.null(), score: z.null(), passed: z.null(), failure: z.null() }),
  z.object({ ...executionBase, status: z.literal('scored'), wakeAt: z.null(), startedAt: at, settledAt: at, score: z.number(), passed: z.boolean(), failure: z.null() }),
  z.object({ ...executionBase, status: z.literal('failed'), wakeAt: z.null(), startedAt: at.nullable(), settledAt: at, score: z.number(), passed: z.literal(false), failure: failureRecord }),
]);
export type ExecutionRecord = z.infer<typeof executionRecord>;
export type ExecutionStatus = ExecutionRecord['status'];

/** What the idempotency key of an imported execution begins with. Such ones are kept, however old. */
export const importPrefix = 'import:';

export const isImported = ({ idempotencyKey }: Pick<ExecutionRecord, 'idempotencyKey'>): boolean => idempotencyKey?.startsWith(importPrefix) ?? false;

const stepBase = {
  executionKey: z.number().int().positive(),
  /** Place of the step in the definition, 0-based. */
  position: z.number().int().nonnegative(),
  /** Place of the item in the `for_each` list, 0-based; -1 for the step itself. */
  item: z.number().int().gte(-1),
  stepId: z.string(),
  run: z.number().int().nonnegative(),
  attempt: z.number().int().nonnegative(),
  interruptions: z.number().int().nonnegative(),
  /** When the latest run or wait began; null: none has. `startedAt` is when the first one did. */
  runAt: at.nullable(),
  /** Counters of a `for_each` step, JSON text; null for any other. */
  counters: json.nullable(),
  /**
   * A result kept from an earlier generation: the `key` and position under which its output, input and attempts are. Set only
   * on settled rows; null: of this generation.
   */
  originKey: z.number().int().positive().nullable(),
  originPosition: z.number().int().nonnegative().nullable(),
  /** How it is being recovered, or was; null: it was not. */
  recovery: z.enum(['alternative', 'ask', 'retry', 'skip', 'output']).nullable(),
  /** Kept although something upstream of it ran again since. */
  stale: z.boolean(),
};

/**
 * One step, or one item of a `for_each` step; it has a row once it has left `pending` for the first time.
 *
 * The columns are the machine's snapshot: `status` its value, the others its context.
 */
export const stepRecord = z.discriminatedUnion('status', [
  z.object({ ...stepBase, status: z.literal('pending'), dueAt: z.null(), failure: failureRecord.nullable(), startedAt: at.nullable(), settledAt: z.null() }),
  z.object({ ...stepBase, status: z.literal('running'), dueAt: z.null(), failure: failureRecord.nullable(), startedAt: at, settledAt: z.null() }),
  z.object({ ...stepBase, status: z.literal('retrying'), dueAt: at, failure: failureRecord, startedAt: at, settledAt: z.null() }),
  z.object({ ...stepBase, status: z.literal('waiting'), dueAt: at.nullable(), failure: failureRecord.nullable(), startedAt: at, settledAt: z.null() }),
  z.object({ ...stepBase, status: z.literal('completed'), dueAt: z.null(), failure: z.null(), startedAt: at, settledAt: at }),
  z.object({ ...stepBase, status: z.literal('failed'), dueAt: z.null(), failure: failureRecord, startedAt: at.nullable(), settledAt: at }),
  z.object({ ...stepBase, status: z.enum(['skipped', 'cancelled']), dueAt: z.null(), failure: failureRecord, startedAt: at.nullable(), settledAt: at }),
]);
export type StepRecord = z.infer<typeof stepRecord>;
export type StepStatus = StepRecord['status'];

/** One run of a step's handler, written once, when it has ended. A completed one carries the step's output, JSON text. */
export const attemptRecord = z.object({
  executionKey: z.number().int().positive(),
  position: z.number().int().nonnegative(),
  item: z.number().int().gte(-1),
  run: z.number().int().positive(),
  attempt: z.number().int().positive(),
  status: z.enum(['completed', 'failed', 'interrupted', 'released', 'cancelled']),
  startedAt: at,
  endedAt: at,
  failure: failureRecord.nullable(),
  output: json.nullable(),
});
export type AttemptRecord = z.infer<typeof attemptRecord>;

/** What a step was given, when expressions made it: its input (or its list of items), JSON text. Written once. */
export interface InputRecord {
  readonly executionKey: number;
  readonly position: number;
  readonly item: number;
  readonly input: string;
}

/**
 * Transitions of one execution in one commit.
 *
 * `entries` is the JSON text of an array of `[address, event, state]`: the address below the flow (`''` for the flow itself,
 * `balance` for a step, `balance[3]` for an item), the event with outputs left out, and the state reached (null when the
 * event was recorded and ignored). The first entry has the sequence number `seq`, each next one more.
 */
export interface JournalRecord {
  readonly executionKey: number;
  readonly seq: number;
  readonly at: number;
  readonly entries: string;
}

/**
 * An unsettled execution as it stood after a commit: reading it back begins here, and goes on with what the journal says since.
 *
 * Made of what is in memory, and the same as all earlier rows of its journal say.
 */
export interface CheckpointRecord {
  readonly executionKey: number;
  /** Sequence number of the last transition in it. */
  readonly seq: number;
  /** When it was made. */
  readonly at: number;
  readonly status: Extract<ExecutionStatus, 'stepping' | 'consolidating'>;
  readonly startedAt: number;
  /** The machine's context, JSON text. */
  readonly context: string;
  /** How steps have ended, by position: see `writeEndings`. */
  readonly settled: string;
  /** Positions of steps that their own condition excluded. */
  readonly excluded: readonly number[];
  /** Calls of tools by what has settled. */
  readonly totalTools: number;
  /** When the last step or item settled; 0: none has. */
  readonly lastSettledAt: number;
  /** Of `for_each` steps that are alive, by position: items that have settled, see `writeRanges`. */
  readonly items: readonly (readonly [position: number, settled: string])[];
  /** Steps and items that are alive. */
  readonly open: readonly StepRecord[];
}

/** What an execution is read back from. */
export interface StoredTree {
  /** Undefined: it has none, and `steps` are all there are. */
  readonly checkpoint: CheckpointRecord | undefined;
  /** Steps as they stand, of those that have changed since the checkpoint. */
  readonly steps: readonly StepRecord[];
  readonly signals: readonly SignalRecord[];
  /** Rows of the journal since the checkpoint. */
  readonly rows: number;
}

/** A signal that no step waits for yet. */
export interface SignalRecord {
  readonly executionKey: number;
  /** Rising per execution. */
  readonly number: number;
  readonly name: string;
  /** JSON text. */
  readonly payload: string;
  readonly receivedAt: number;
}

export interface DefinitionRecord {
  readonly digest: string;
  readonly flowId: string;
  readonly version: string;
  /** Canonical JSON text. */
  readonly definition: string;
  readonly createdAt: number;
}

/** Who may write. */
export interface OwnerRecord {
  readonly pid: number;
  readonly hostname: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Where it takes signals and cancels from other processes; null: nowhere. */
  readonly socket: string | null;
}
