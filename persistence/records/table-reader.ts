import type { Answer } from '../answer.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { ListDurationsParams, StepDuration } from '../durations-store.ts';
import type { FeedRow, FeedState } from '../feed-store.ts';
import type { InstanceRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageTimes } from '../queue-store.ts';
import type {
  AttemptRecord, CheckpointRecord, DefinitionRecord, ExecutionRecord, ExecutionStatus, InputRecord, JournalRecord, OwnerRecord, SignalRecord, StepRecord, StoredTree,
} from '../records.ts';
import type { ListExecutionsParams, StepOutcome, RecordReader, StoreSize } from '../store.ts';
import type { Row } from '../table.ts';
import { ActorReads } from './actor-reads.ts';
import { listCheckpoints } from './checkpoint-rows.ts';
import * as executionReads from './execution-reads.ts';
import { getFeedState, readFeed } from './feed-reads.ts';
import { ArtifactReads, CatalogReads, InteractionReads, IsolationReads } from './made-reads.ts';
import { readJournal } from './journal-reads.ts';
import * as queueReads from './queue-reads.ts';
import { readOne } from './reading.ts';
import * as stepReads from './step-reads.ts';
import { requests } from './tables.ts';

/** Records as they are read from the tables of any store. */
export class TableReader implements RecordReader {
  readonly location: string;
  readonly artifacts: ArtifactReads;
  readonly interactions: InteractionReads;
  readonly isolations: IsolationReads;
  readonly catalog: CatalogReads;
  readonly actors: ActorReads;
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
    this.location = store.location;
    this.artifacts = new ArtifactReads(store);
    this.interactions = new InteractionReads(store);
    this.isolations = new IsolationReads(store);
    this.catalog = new CatalogReads(store);
    this.actors = new ActorReads(store);
  }

  getDefinition(digest: string): Answer<DefinitionRecord | undefined> {
    return executionReads.getDefinition(this.#store, digest);
  }

  getExecution(executionId: string, generation?: number): Answer<ExecutionRecord | undefined> {
    return executionReads.getExecution(this.#store, executionId, generation);
  }

  listGenerations(executionId: string, limit = 100): Answer<ExecutionRecord[]> {
    return executionReads.listGenerations(this.#store, executionId, limit);
  }

  findByIdempotencyKey(idempotencyKey: string): Answer<ExecutionRecord | undefined> {
    return executionReads.findByIdempotencyKey(this.#store, idempotencyKey);
  }

  getRequest(key: string): Answer<string | undefined> {
    return readOne(this.#store, { table: requests, keys: [[key]], columns: ['answer'] }, row => row['answer'] as string);
  }

  listExecutions(params: ListExecutionsParams): Answer<ExecutionRecord[]> {
    return executionReads.listExecutions(this.#store, params);
  }

  countExecutions(): Answer<Record<ExecutionStatus, number>> {
    return executionReads.countExecutions(this.#store);
  }

  listSteps(executionKey: number): Answer<StepRecord[]> {
    return stepReads.listSteps(this.#store, executionKey);
  }

  listResults(executionKey: number): Answer<StepOutcome[]> {
    return stepReads.listResults(this.#store, executionKey);
  }

  listAttempts(executionKey: number): Answer<AttemptRecord[]> {
    return stepReads.listAttempts(this.#store, executionKey);
  }

  listInputs(executionKey: number): Answer<InputRecord[]> {
    return stepReads.listInputs(this.#store, executionKey);
  }

  getConsolidated(executionKey: number): Answer<ConsolidatedRecord | undefined> {
    return stepReads.getConsolidated(this.#store, executionKey);
  }

  getInput(executionKey: number, position: number, item: number): Answer<string | undefined> {
    return stepReads.getInput(this.#store, executionKey, position, item);
  }

  getOutput(executionKey: number, position: number, item: number): Answer<string | undefined> {
    return stepReads.getOutput(this.#store, executionKey, position, item);
  }

  listItemOutputs(executionKey: number, position: number): Answer<{ item: number; output: string }[]> {
    return stepReads.listItemOutputs(this.#store, executionKey, position);
  }

  readJournal(executionKey: number, afterSeq: number, limit = 1000): Answer<JournalRecord[]> {
    return readJournal(this.#store, executionKey, afterSeq, limit);
  }

  readTrees(executionKeys: readonly number[]): Answer<StoredTree[]> {
    return stepReads.readTrees(this.#store, executionKeys);
  }

  listCheckpoints(executionKey: number): Answer<CheckpointRecord[]> {
    return listCheckpoints(this.#store, executionKey);
  }

  listSignals(executionKey: number): Answer<SignalRecord[]> {
    return stepReads.listSignals(this.#store, executionKey);
  }

  listDurations(params: ListDurationsParams): Answer<StepDuration[]> {
    return executionReads.listDurations(this.#store, params);
  }

  getMessage(messageId: string): Answer<MessageRecord | undefined> {
    return queueReads.getMessage(this.#store, messageId);
  }

  getMessagePayload(key: number): Answer<string | undefined> {
    return queueReads.getMessagePayload(this.#store, key);
  }

  listMessages(params: ListMessagesParams): Answer<MessageRecord[]> {
    return queueReads.listMessages(this.#store, params);
  }

  countMessages(): Answer<MessageCount[]> {
    return queueReads.countMessages(this.#store);
  }

  listMessageTimes(queue: string, since: number, limit: number): Answer<MessageTimes[]> {
    return queueReads.listMessageTimes(this.#store, queue, since, limit);
  }

  findMessageByKey(queue: string, idempotencyKey: string, now: number): Answer<string | undefined> {
    return queueReads.findMessageByKey(this.#store, queue, idempotencyKey, now);
  }

  listInstances(): Answer<InstanceRecord[]> {
    return queueReads.listInstances(this.#store);
  }

  listOutbox(afterKey: number, limit: number): Answer<OutboxRecord[]> {
    return queueReads.listOutbox(this.#store, afterKey, limit);
  }

  listMessageWaiters(after: Parameters<RecordReader['listMessageWaiters']>[0], limit: number): Answer<MessageWaiterRecord[]> {
    return queueReads.listMessageWaiters(this.#store, after, limit);
  }

  getFeedState(): Answer<FeedState> {
    return getFeedState(this.#store);
  }

  readFeed(after: number, limit: number): Answer<FeedRow[]> {
    return readFeed(this.#store, after, limit);
  }

  getOwner(): Answer<OwnerRecord | undefined> {
    return this.#store.owner();
  }

  getSize(): Answer<StoreSize> {
    return this.#store.size();
  }

  readRows(asked: readonly Request[]): Answer<Row[][]> {
    return this.#store.read(asked);
  }

  close(): Answer<void> {
    return this.#store.close();
  }
}
