import { isFlowError } from '../../src/core/errors.ts';
import { createRandomId } from '../../src/core/ids.ts';
import type { Answer } from '../answer.ts';
import type { OpenTransaction, Store, Write } from '../contract.ts';
import type { MessageRequest, PruneMessagesParams, OpenMessage } from '../queue-store.ts';
import type { ExecutionRecord, OwnerRecord, StepRecord, StoredTree } from '../records.ts';
import { createCommitFailedError } from '../store-errors.ts';
import type { StoreCapability } from '../store-capabilities.ts';
import type { CheckpointRule, CommitBatch, ExecutionHead, PruneParams, Records, Transaction } from '../store.ts';
import { createBatch } from './empty-batch.ts';
import * as executionReads from './execution-reads.ts';
import { getFeedState } from './feed-reads.ts';
import { listBatchWrites } from './batch-writes.ts';
import { readOutputRows } from './checkpoint-rows.ts';
import { KnownExecutions } from './flow-writes.ts';
import { KnownSteps } from './known-steps.ts';
import * as stepReads from './step-reads.ts';
import { JournalNumbers } from './journal-numbers.ts';
import { MessageBlocks } from './message-blocks.ts';
import { pruneExecutions, pruneJournal, pruneMessageKeys, pruneMessages, pruneRequests } from './pruning.ts';
import * as queueReads from './queue-reads.ts';
import { toBlockChanges } from './queue-writes.ts';
import { chain } from './reading.ts';
import { toRecordError } from './record-errors.ts';
import type { Table } from '../table.ts';
import { TableReader } from './table-reader.ts';

/** Records as the one owner of a store reads and writes them, in the tables of any store. */
export class TableRecords extends TableReader implements Records {
  readonly lacks: readonly StoreCapability[];
  checkpoints: CheckpointRule;
  readonly commitWith?: (build: (attempt: (write: (tx: Transaction) => void) => void) => CommitBatch) => void;
  readonly verify?: () => Answer<void>;
  readonly backup?: (file: string) => Promise<void>;
  readonly #store: Store;
  readonly #known = new KnownExecutions();
  readonly #numbers = new JournalNumbers();
  readonly #steps = new KnownSteps();
  readonly #blocks: MessageBlocks;

  /** @param checkpoints for tests; default `due` */
  constructor(store: Store, checkpoints: CheckpointRule = 'due') {
    super(store);
    this.#store = store;
    this.checkpoints = checkpoints;
    this.#blocks = new MessageBlocks(store);
    this.lacks = store.begin ? [] : ['ownWrites'];
    if (store.begin) this.commitWith = build => this.#commitWith(() => (store.begin as () => OpenTransaction)(), build);
    if (store.backup) this.backup = file => (store.backup as (file: string) => Promise<void>)(file);
    if (store.verify) this.verify = () => (store.verify as () => Answer<void>)();
  }

  acquire(owner: OwnerRecord): Answer<number> {
    return chain(this.#store.own(owner), () =>
      chain(getFeedState(this.#store), ({ head }) =>
        chain(executionReads.getNewestKey(this.#store), newestKey => {
          // Somebody else may have written since.
          this.forget(head, newestKey);
          return chain(this.write({ ...createBatch(), owner: { id: createRandomId() } }), () => newestKey);
        }),
      ),
    );
  }

  /** What was remembered of the rows may not be so any more. */
  protected forget(head: number, newestKey: number): void {
    this.#numbers.takeBack(head);
    this.#known.newestKey = newestKey;
    this.#known.forget();
    this.#steps.forget();
    this.#blocks.forget();
  }

  commit(batch: CommitBatch): Answer<void> {
    return this.write(batch);
  }

  protected write(batch: CommitBatch): Answer<void> {
    const reading = batch.checkpoints || batch.queues ? this.prepare(batch) : undefined;
    return reading instanceof Promise ? reading.then(() => this.#write(batch)) : this.#write(batch);
  }

  #write(batch: CommitBatch): Answer<void> {
    const { head } = this.#numbers;
    try {
      const answer = this.#store.commit(this.toWrites(batch));
      if (answer instanceof Promise) return answer.then(() => this.keep(batch), (error: unknown) => this.#refuse(error, head));
      return this.keep(batch);
    } catch (error) {
      return this.#refuse(error, head);
    }
  }

  #commitWith(begin: () => OpenTransaction, build: (attempt: OpenTransaction['attempt']) => CommitBatch): void {
    const transaction = begin();
    const { head } = this.#numbers;
    try {
      const batch = build(write => transaction.attempt(write));
      // A store that can begin a transaction answers at once.
      void this.prepare(batch);
      transaction.commit(this.toWrites(batch));
      this.keep(batch);
    } catch (error) {
      transaction.rollback();
      this.#refuse(error, head);
    }
  }

  /** What was written is stored. */
  protected keep({ executions, steps, attempts }: CommitBatch): void {
    if (steps.length > 0 || attempts.length > 0) this.#steps.keep();
    for (const { key, settledAt } of executions) {
      if (settledAt === null) continue;
      this.#steps.drop(key);
      this.#numbers.drop(key);
    }
  }

  /** @param head the numbers that were given before: nobody has seen those of a commit that was refused */
  #refuse(error: unknown, head: number): never {
    this.#numbers.takeBack(head);
    this.#steps.undo();
    this.#known.forget();
    this.#blocks.forget();
    if (isFlowError(error, 'row_refused')) throw toRecordError(this.location, error);
    throw isFlowError(error) ? error : createCommitFailedError(this.location, error, 'See the cause.');
  }

  /** Reads what the writes go by, if anything. */
  protected prepare({ queues, checkpoints = [], journal }: CommitBatch): Answer<void> {
    // A checkpoint says where outputs lie, of everything before it.
    const unknown = checkpoints.map(({ executionKey }) => executionKey).filter(key => !this.#steps.isWhole(key) && !journal.some(row => row.executionKey === key && row.seq === 1));
    if (unknown.length > 0) return chain(this.readTrees(unknown), () => queues && this.#blocks.prepare(toBlockChanges(queues)));
    return queues && this.#blocks.prepare(toBlockChanges(queues));
  }

  protected toWrites(batch: CommitBatch): Write[] {
    const writes = listBatchWrites(batch, this.#known, this.#blocks);
    if (batch.owner) writes.push(this.#numbers.begin(this.#numbers.head, batch.owner.id));
    this.#numbers.listWrites(batch, this.#steps, writes);
    return writes;
  }

  override listSteps(executionKey: number): Answer<StepRecord[]> {
    return chain(stepReads.readSteps(this.#store, executionKey), ({ steps, rows }) => {
      this.#steps.begin(executionKey);
      for (const { number, steps: told, attempts } of rows) this.#steps.learn(executionKey, number, told, attempts);
      return steps;
    });
  }

  override readTrees(executionKeys: readonly number[]): Answer<StoredTree[]> {
    return chain(stepReads.readTrees(this.#store, executionKeys), trees => {
      for (const [index, key] of executionKeys.entries()) {
        const { checkpoint, row, told } = trees[index] as stepReads.ReadTree;
        this.#steps.begin(key);
        if (checkpoint && row) this.#steps.learnCheckpoint(checkpoint, readOutputRows(row));
        for (const { number, steps, attempts } of told) this.#steps.learn(key, number, steps, attempts);
      }
      return trees;
    });
  }

  override getOutput(executionKey: number, position: number, item: number): Answer<string | undefined> {
    const number = this.#steps.findOutput(executionKey, position, item);
    if (number === undefined) return super.getOutput(executionKey, position, item);
    return stepReads.readOutput(this.#store, executionKey, position, item, number);
  }

  listInterrupted(afterKey: number, limit: number): Answer<ExecutionRecord[]> {
    return executionReads.listInterrupted(this.#store, afterKey, limit);
  }

  listDue(now: number, limit: number): Answer<ExecutionRecord[]> {
    return executionReads.listDue(this.#store, now, limit);
  }

  listPending(limit: number): Answer<ExecutionRecord[]> {
    return executionReads.listPending(this.#store, limit);
  }

  listStepping(afterKey: number, limit: number): Answer<ExecutionHead[]> {
    return executionReads.listStepping(this.#store, afterKey, limit);
  }

  nextWakeAt(after: number): Answer<number | undefined> {
    return executionReads.nextWakeAt(this.#store, after);
  }

  getQueueMarks(): Answer<{ messageKey: number; outboxKey: number; publishedAt: number }> {
    return queueReads.getQueueMarks(this.#store);
  }

  readMessages(requests: readonly MessageRequest[]): Answer<OpenMessage[][]> {
    return queueReads.readMessages(this.#store, requests);
  }

  countQueues(): Answer<{ queue: string; unsettled: number; dead: number }[]> {
    return queueReads.countQueues(this.#store);
  }

  prune(params: PruneParams): Answer<number> {
    return pruneExecutions(this.#store, this.#numbers, params);
  }

  pruneMessages(params: PruneMessagesParams): Answer<number> {
    return pruneMessages(this.#store, params);
  }

  pruneMessageKeys(now: number, limit: number): Answer<number> {
    return pruneMessageKeys(this.#store, now, limit);
  }

  pruneJournal(before: number, limit: number): Answer<number> {
    return pruneJournal(this.#store, this.#numbers, before, limit);
  }

  createTables(tables: readonly Table[]): Answer<void> {
    return this.#store.create?.(tables);
  }

  pruneRequests(before: number, limit: number): Answer<number> {
    return pruneRequests(this.#store, before, limit);
  }

  compact(): Answer<void> {
    return this.#store.compact();
  }
}
