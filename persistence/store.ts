import type { Answer } from './answer.ts';
import type { ArtifactReader, ArtifactWrites } from './artifact-store.ts';
import type { ConsolidatedRecord, ConsolidationReader } from './consolidation-store.ts';
import type { Request, Write } from './contract.ts';
import type { FeedReader, JournalRow } from './feed-store.ts';
import type { Row, Table } from './table.ts';
import type { DurationsReader } from './durations-store.ts';
import type { ActorReader, ActorWrites } from './actor-store.ts';
import type { CatalogReader, CatalogWrites } from './catalog-store.ts';
import type { InteractionReader, InteractionRecord } from './interaction-store.ts';
import type { RequestRecord } from './request-store.ts';
import type { IsolationReader, IsolationRecord } from './isolation-store.ts';
import type {
  AttemptRecord, CheckpointRecord, DefinitionRecord, ExecutionRecord, ExecutionStatus, InputRecord, JournalRecord, OwnerRecord, SignalRecord,
  StepRecord, StoredTree,
} from './records.ts';
import type { QueueBatch, QueueReader, QueueStore } from './queue-store.ts';
import type { StoreCapability } from './store-capabilities.ts';

export type { Answer } from './answer.ts';

/** Everything one tick of the host changed. Stored whole or not at all. */
export interface CommitBatch {
  /** Definitions used for the first time; storing one again changes nothing. */
  readonly definitions: readonly DefinitionRecord[];
  /** Inserted, or replaced by `key`. A settled execution is never replaced. */
  readonly executions: readonly ExecutionRecord[];
  /** Executions of which nothing but the counters moved: as an entry of `executions` would, at a lower price. */
  readonly progress: readonly Pick<ExecutionRecord, 'key' | 'executionId' | 'context' | 'seq'>[];
  /** Inserted, or replaced by (`executionKey`, `position`, `item`). A settled step is never replaced. */
  readonly steps: readonly StepRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly inputs: readonly InputRecord[];
  readonly journal: readonly JournalRecord[];
  /** Of executions as they are after this batch. */
  readonly checkpoints?: readonly CheckpointRecord[] | undefined;
  readonly signals: {
    readonly received: readonly SignalRecord[];
    readonly consumed: readonly Pick<SignalRecord, 'executionKey' | 'number'>[];
  };
  /** Written once, with their executions' move to `scored`. */
  readonly consolidated?: readonly ConsolidatedRecord[] | undefined;
  /** For stores with `artifacts`. */
  readonly artifacts?: ArtifactWrites | undefined;
  /** For stores with `interactions`. Inserted, or settled by (`executionId`, `number`); a settled one is never replaced. */
  readonly interactions?: readonly InteractionRecord[] | undefined;
  /** What happened in the queues; undefined: nothing. */
  readonly queues?: QueueBatch | undefined;
  /** For stores with `isolations`. Inserted, or replaced by `executionKey`; `taken` never goes back, and an ended one stays. */
  readonly isolations?: readonly IsolationRecord[] | undefined;
  /** Requests of clients whose effects are in this commit; one that is there is left as it is. */
  readonly requests?: readonly RequestRecord[] | undefined;
  /** For stores with `actors`. */
  readonly actors?: ActorWrites | undefined;
  /** For stores with a `catalog`. */
  readonly catalog?: CatalogWrites | undefined;
  /** For stores with `createTables`. */
  readonly kinds?: KindWrites | undefined;
  /** A new owner begins its numbers; stores that replay their batches write it themselves. */
  readonly owner?: { readonly id: string } | undefined;
}

/** What instances of kinds of the application's own have changed. */
export interface KindWrites {
  readonly writes: readonly Write[];
  readonly journal: readonly JournalRow[];
  /** Instances that go with all of their journal. */
  readonly removed: readonly { readonly kind: string; readonly id: string }[];
  /** Epoch ms. */
  readonly at: number;
}

/** The transaction a step's own writes join. `handle` is the database's own handle, for stores that have one. */
export interface Transaction<Handle = unknown> {
  readonly handle: Handle;
}

export interface ListExecutionsParams {
  readonly status?: readonly ExecutionStatus[];
  readonly flowId?: string;
  /** Only those that this execution has started. */
  readonly parentId?: string;
  /** At most; default 100. */
  readonly limit?: number;
  /** Continue after this key, in the order asked for. */
  readonly after?: number;
  /** `newest` (default) or `oldest` first. */
  readonly order?: 'newest' | 'oldest';
}

export interface PruneParams {
  /** Executions whose newest generation settled before this time go, epoch ms; imported ones stay. */
  readonly settledBefore: number;
  /** Only these, imported ones too. */
  readonly executionIds?: readonly string[];
  /** At most; default 1,000. */
  readonly limit?: number;
  /** When it is, for the entries that say what was deleted; default `settledBefore`. */
  readonly at?: number;
}

/** A step as it stands, and what it produced. */
export interface StepOutcome {
  readonly step: StepRecord;
  /** JSON text; null while it has not completed. */
  readonly output: string | null;
}

/** Size of a store and what it holds. */
export interface StoreSize {
  readonly bytes: number;
  /** Bytes inside `bytes` that can be given back. */
  readonly freeBytes: number;
}

/** Records of flows, queues and actors, as any number of processes read them while one owns the store. */
export interface RecordReader extends QueueReader, DurationsReader, ConsolidationReader, FeedReader {
  /** Where everything is kept, for people: a path, or `memory`. */
  readonly location: string;

  // definitions
  getDefinition(digest: string): Answer<DefinitionRecord | undefined>;

  // executions
  /** Its newest generation, or the one asked for. */
  getExecution(executionId: string, generation?: number): Answer<ExecutionRecord | undefined>;
  /** The generations of an execution, the newest first. Default limit 100. */
  listGenerations(executionId: string, limit?: number): Answer<ExecutionRecord[]>;
  /** The newest generation of the execution that was started with the key. */
  findByIdempotencyKey(idempotencyKey: string): Answer<ExecutionRecord | undefined>;
  /** Each execution once: as its newest generation is. */
  listExecutions(params: ListExecutionsParams): Answer<ExecutionRecord[]>;
  /** Unsettled executions by status, and how many of them sleep. */
  countExecutions(): Answer<Record<ExecutionStatus, number>>;

  // steps; outputs and inputs of kept steps are read where they are kept
  listSteps(executionKey: number): Answer<StepRecord[]>;
  /** Steps with the output of those that completed, JSON text. */
  listResults(executionKey: number): Answer<StepOutcome[]>;
  /** Runs of this generation: those of a kept step are under its `originKey`. */
  listAttempts(executionKey: number): Answer<AttemptRecord[]>;
  /** The input expressions made for a step, JSON text. */
  getInput(executionKey: number, position: number, item: number): Answer<string | undefined>;
  /** The output of a completed step (item -1) or item, JSON text. */
  getOutput(executionKey: number, position: number, item: number): Answer<string | undefined>;
  /** The outputs of all completed items of a step, by item. */
  listItemOutputs(executionKey: number, position: number): Answer<{ item: number; output: string }[]>;

  // journal
  /** Journal rows that hold transitions after `afterSeq`, in order. Default limit 1,000. */
  readJournal(executionKey: number, afterSeq: number, limit?: number): Answer<JournalRecord[]>;

  // reading back
  /** Unsettled executions, in the order of the keys: their newest checkpoints, and what has changed since. */
  readTrees(executionKeys: readonly number[]): Answer<StoredTree[]>;
  /** Checkpoints of an execution, the oldest first. */
  listCheckpoints(executionKey: number): Answer<CheckpointRecord[]>;

  // signals
  /** Signals no step has consumed, oldest first. */
  listSignals(executionKey: number): Answer<SignalRecord[]>;

  // what steps made beside their outputs; undefined: this store keeps none
  readonly artifacts?: ArtifactReader;
  readonly interactions?: InteractionReader;

  /** Executions that run in processes of their own; undefined: this store keeps no account of them. */
  readonly isolations?: IsolationReader;

  /** Labels of executions, and the flows there are; undefined: this store keeps none. */
  readonly catalog?: CatalogReader;
  /** Machines of people's own. */
  readonly actors?: ActorReader;

  /** The answer to a request that was done, JSON text; undefined: it was not, or long ago. */
  getRequest(key: string): Answer<string | undefined>;

  // ownership and size
  /** Who owns the store now; undefined: nobody. */
  getOwner(): Answer<OwnerRecord | undefined>;
  getSize(): Answer<StoreSize>;
  /** Rows of any table, as a store gives them; left out: these records are not kept in tables that anybody may ask for. */
  readRows?(requests: readonly Request[]): Answer<Row[][]>;
  close(): Answer<void>;
}

/** As much of an execution as its own row says, whatever has moved since. */
export type ExecutionHead = Pick<ExecutionRecord, 'key' | 'executionId' | 'flowId' | 'digest' | 'parentId' | 'parentStep' | 'wakeAt'>;

export type CheckpointRule = 'due' | 'never' | 'always';

/** Records of flows, queues and actors in a store, as its one owner reads and writes them. */
export interface Records extends RecordReader, QueueStore {
  /** What it cannot do by its nature; undefined: nothing. */
  readonly lacks?: readonly StoreCapability[];
  /** When checkpoints are written; for tests. Default `due`: where reading back would cost more. `never`: only when an execution leaves memory. */
  readonly checkpoints?: CheckpointRule;

  /**
   * Takes ownership, until `close` or the end of the process.
   *
   * @returns the highest `key` in use, 0 for none
   * @throws a `FlowError` with code `store_owned`, naming the owner
   */
  acquire(owner: OwnerRecord): Answer<number>;

  /**
   * Stores the batch in one transaction.
   *
   * @throws a `FlowError` with code `stale_owner` when somebody else owns the store now, `commit_failed` for anything
   * else; then nothing of the batch is stored.
   */
  commit(batch: CommitBatch): Answer<void>;

  /**
   * Checks that what was opened is still what is there; left out: it cannot go away. `acquire` and `commit` check it, too.
   *
   * @throws a `FlowError` with code `store_gone` or `store_log_gone`
   */
  verify?(): Answer<void>;

  /**
   * As `commit`, with writes of the steps' own in the same transaction. `build` runs inside it and returns the batch.
   * Each write goes through `attempt`, so that one that throws undoes only itself. Embedded stores only.
   */
  commitWith?(build: (attempt: (write: (tx: Transaction) => void) => void) => CommitBatch): void;

  // what should run, in the order in which it should
  /** Executions that had work in progress when their owner died: `wakeAt` 0, oldest first, keys above `afterKey`. */
  listInterrupted(afterKey: number, limit: number): Answer<ExecutionRecord[]>;
  /** Sleeping executions whose `wakeAt` is above 0 and not above `now`, earliest first. */
  listDue(now: number, limit: number): Answer<ExecutionRecord[]>;
  /** Executions that wait to be admitted: by priority, then age. */
  listPending(limit: number): Answer<ExecutionRecord[]>;
  /** Executions whose steps have not all settled, by key, from the one behind `afterKey` on. */
  listStepping(afterKey: number, limit: number): Answer<ExecutionHead[]>;
  /** The earliest `wakeAt` above `after`, which is 0 or more. */
  nextWakeAt(after: number): Answer<number | undefined>;

  /** Deletes executions whose newest generation has settled, with all of theirs; returns how many. Gives free space back. */
  prune(params: PruneParams): Answer<number>;
  /**
   * Deletes rows of the journal that go by their age, from the first written on as long as they were written before this
   * time: all but the transitions of flows, which go with their execution. Returns how many.
   */
  pruneJournal(before: number, limit: number): Answer<number>;
  /**
   * Writes all that is in the store at one moment into a new file, while the owner goes on; left out: the store cannot.
   *
   * @throws a `FlowError` with code `backup_exists`, `file_unreadable` or `store_cannot_open`; then there is no such file
   */
  backup?(file: string): Promise<void>;
  /** Forgets requests that were done before this time; returns how many. */
  pruneRequests(before: number, limit: number): Answer<number>;
  /** Gives back room that deletions in commits have left, if the store has a place to give it back to. */
  compact(): Answer<void>;
  /**
   * Makes tables of kinds of the application's own; left out: there cannot be any.
   *
   * @throws a `FlowError` with code `table_differs`
   */
  createTables?(tables: readonly Table[]): Answer<void>;
}
