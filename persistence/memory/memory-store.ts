import { isFlowError } from '../../src/core/errors.ts';
import { createRandomId } from '../../src/core/ids.ts';
import type { FeedRow, FeedState } from '../feed-store.ts';
import { toDeleted } from '../journal-rows.ts';
import type { InstanceRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageTimes, OpenMessage, PruneMessagesParams } from '../queue-store.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import { isImported } from '../records.ts';
import type { AttemptRecord, DefinitionRecord, ExecutionRecord, ExecutionStatus, InputRecord, JournalRecord, OwnerRecord, SignalRecord, StepRecord } from '../records.ts';
import {
  createClosedError, createCommitFailedError, createNotAcquiredError, createOwnedError, createStaleOwnerError,
} from '../store-errors.ts';
import type { CommitBatch, ListExecutionsParams, PruneParams, Store, StoreSize, Transaction, StepOutcome } from '../store.ts';
import { MemoryArtifacts } from './memory-artifacts.ts';
import { MemoryInteractions } from './memory-interactions.ts';
import { addJournalRow, beginOwner, pruneAged, readFeed, readFeedState, removeExecutionRows } from './feed-memory.ts';
import { MemoryActors } from './memory-actors.ts';
import { MemoryCatalog } from './memory-catalog.ts';
import { MemoryIsolations } from './memory-isolations.ts';
import { copyConsolidated } from './consolidated.ts';
import { applyBatch, removeExecution } from './memory-commit.ts';
import { copyMemoryState, createMemoryState, fromMemoryText, measureMemory, toMemoryText, toStepPlace } from './memory-state.ts';
import type { MemoryState } from './memory-state.ts';
import * as queueMemory from './queue-memory.ts';
import type { ListDurationsParams, StepDuration } from '../durations-store.ts';
import { attemptWrite } from './own-writes.ts';
import { UndoLog } from './undo-log.ts';

/** Makes an empty store in memory. Everything in it is gone with the process. */
export function createMemoryStore(): MemoryStore {
  return new MemoryStore(createMemoryState());
}

/** A store that answers from memory. What makes its rows last, if anything does, is for the class on top to say. */
export abstract class StateStore implements Store {
  abstract readonly location: string;
  readonly #state: MemoryState;
  readonly #log = new UndoLog();
  readonly #token = {};
  #epoch: number | undefined;
  #closed = false;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  getDefinition(digest: string): DefinitionRecord | undefined {
    return this.#read().definitions.get(digest);
  }

  getExecution(executionId: string, generation?: number): ExecutionRecord | undefined {
    const generations = this.listGenerations(executionId, Infinity);
    return generation === undefined ? generations[0] : generations.find(row => row.generation === generation);
  }

  listGenerations(executionId: string, limit = 100): ExecutionRecord[] {
    const { keysById, executions } = this.#read();
    const rows = (keysById.get(executionId) ?? []).map(key => executions.get(key) as ExecutionRecord);
    return rows.toSorted((a, b) => b.generation - a.generation).slice(0, limit).map(copyRow);
  }

  findByIdempotencyKey(idempotencyKey: string): ExecutionRecord | undefined {
    const { keysByIdempotencyKey, executions } = this.#read();
    const first = executions.get(keysByIdempotencyKey.get(idempotencyKey) ?? 0);
    return first && this.getExecution(first.executionId);
  }

  listExecutions({ status, flowId, limit = 100, after, order = 'newest' }: ListExecutionsParams): ExecutionRecord[] {
    const sign = order === 'newest' ? -1 : 1;
    return this.#listNewest()
      .filter(row => (!status || status.includes(row.status)) && (flowId === undefined || row.flowId === flowId))
      .filter(row => after === undefined || (row.key - after) * sign > 0)
      .toSorted((a, b) => (a.key - b.key) * sign)
      .slice(0, limit)
      .map(copyRow);
  }

  countExecutions(): Record<ExecutionStatus, number> {
    const counts = { pending: 0, stepping: 0, consolidating: 0, scored: 0, failed: 0 };
    for (const row of this.#listNewest()) counts[row.status] += 1;
    return counts;
  }

  listSteps(executionKey: number): StepRecord[] {
    return [...(this.#read().steps.get(executionKey)?.values() ?? [])].toSorted((a, b) => a.position - b.position || a.item - b.item).map(copyRow);
  }

  listResults(executionKey: number): StepOutcome[] {
    return this.listSteps(executionKey).map(step => ({ step, output: this.getOutput(executionKey, step.position, step.item) ?? null }));
  }

  listAttempts(executionKey: number): AttemptRecord[] {
    return [...(this.#read().attempts.get(executionKey)?.values() ?? [])]
      .toSorted((a, b) => a.position - b.position || a.item - b.item || a.run - b.run)
      .map(copyRow);
  }

  listInputs(executionKey: number): InputRecord[] {
    return [...(this.#read().inputs.get(executionKey)?.values() ?? [])].filter(row => row.position >= 0).toSorted((a, b) => a.position - b.position || a.item - b.item).map(row => ({ ...row }));
  }

  getConsolidated(executionKey: number): ConsolidatedRecord | undefined {
    return copyConsolidated(this.#read().consolidated.get(executionKey));
  }

  getInput(executionKey: number, position: number, item: number): string | undefined {
    const at = this.#findOrigin(executionKey, position, item);
    return this.#read().inputs.get(at.key)?.get(toStepPlace({ position: at.position, item }))?.input;
  }

  getOutput(executionKey: number, position: number, item: number): string | undefined {
    const at = this.#findOrigin(executionKey, position, item);
    const last = this.listAttempts(at.key).findLast(row => row.position === at.position && row.item === item && row.status === 'completed');
    return last?.output ?? undefined;
  }

  listItemOutputs(executionKey: number, position: number): { item: number; output: string }[] {
    const toOutputs = (row: AttemptRecord): { item: number; output: string }[] =>
      row.item >= 0 && row.status === 'completed' && row.output !== null ? [{ item: row.item, output: row.output }] : [];
    const own = this.listAttempts(executionKey).filter(row => row.position === position).flatMap(toOutputs);
    const origins = Map.groupBy(this.listSteps(executionKey).filter(row => row.position === position && row.originKey !== null), row => row.originKey as number);
    const kept = [...origins].flatMap(([key, steps]) => {
      const runs = new Set(steps.map(step => `${step.originPosition}.${step.item}.${step.run}`));
      return this.listAttempts(key).filter(row => runs.has(`${row.position}.${row.item}.${row.run}`)).flatMap(toOutputs);
    });
    return [...own, ...kept].toSorted((a, b) => a.item - b.item);
  }

  readJournal(executionKey: number, afterSeq: number, limit = 1000): JournalRecord[] {
    return [...(this.#read().journal.get(executionKey)?.values() ?? [])]
      .filter(row => row.seq > afterSeq || row.seq + (JSON.parse(row.entries) as unknown[]).length - 1 > afterSeq)
      .toSorted((a, b) => a.seq - b.seq)
      .slice(0, limit)
      .map(row => ({ ...row }));
  }

  listSignals(executionKey: number): SignalRecord[] {
    return [...(this.#read().signals.get(executionKey)?.values() ?? [])].toSorted((a, b) => a.number - b.number).map(row => ({ ...row }));
  }

  listDurations({ flowId, before, executions, steps }: ListDurationsParams): StepDuration[] {
    const state = this.#read();
    const recent = [...state.executions.values()].filter(row => row.flowId === flowId && row.key < before).toSorted((a, b) => b.key - a.key).slice(0, executions);
    const rows = recent.flatMap(({ key }) => [...(state.steps.get(key)?.values() ?? [])]);
    return rows
      .filter(row => row.item === -1 && row.position < steps && row.status === 'completed' && row.originKey === null)
      .map(row => ({ stepId: row.stepId, durationMs: (row.settledAt as number) - (row.runAt ?? (row.startedAt as number)) }));
  }

  listInterrupted(afterKey: number, limit: number): ExecutionRecord[] {
    return this.#listUnsettled(row => row.wakeAt === 0 && row.key > afterKey, (a, b) => a.key - b.key, limit);
  }

  listDue(now: number, limit: number): ExecutionRecord[] {
    const isDue = ({ wakeAt }: ExecutionRecord): boolean => wakeAt !== null && wakeAt > 0 && wakeAt <= now;
    return this.#listUnsettled(isDue, (a, b) => (a.wakeAt ?? 0) - (b.wakeAt ?? 0) || a.key - b.key, limit);
  }

  listPending(limit: number): ExecutionRecord[] {
    return this.#listUnsettled(row => row.status === 'pending', (a, b) => b.priority - a.priority || a.key - b.key, limit);
  }

  nextWakeAt(after: number): number | undefined {
    let next: number | undefined;
    for (const { wakeAt } of this.#read().unsettled.values()) if (wakeAt !== null && wakeAt > after && (next === undefined || wakeAt < next)) next = wakeAt;
    return next;
  }

  getMessage(messageId: string): MessageRecord | undefined {
    return queueMemory.getMessage(this.#read().queues, messageId);
  }

  getMessagePayload(key: number): string | undefined {
    return this.#read().queues.messages.get(key)?.payload;
  }

  listMessages(params: ListMessagesParams): MessageRecord[] {
    return queueMemory.listMessages(this.#read().queues, params);
  }

  countMessages(): MessageCount[] {
    return queueMemory.countMessages(this.#read().queues);
  }

  listMessageTimes(queue: string, since: number, limit: number): MessageTimes[] {
    return queueMemory.listMessageTimes(this.#read().queues, queue, since, limit);
  }

  findMessageByKey(queue: string, idempotencyKey: string, now: number): string | undefined {
    return queueMemory.findMessageByKey(this.#read().queues, queue, idempotencyKey, now);
  }

  listInstances(): InstanceRecord[] {
    return queueMemory.listInstances(this.#read().queues);
  }

  listOutbox(afterKey: number, limit: number): OutboxRecord[] {
    return queueMemory.listOutbox(this.#read().queues, afterKey, limit);
  }

  listMessageWaiters(after: Parameters<Store['listMessageWaiters']>[0], limit: number): MessageWaiterRecord[] {
    return queueMemory.listMessageWaiters(this.#read().queues, after, limit);
  }

  getQueueMarks(): { messageKey: number; outboxKey: number; publishedAt: number } {
    return queueMemory.getQueueMarks(this.#read().queues);
  }

  listOpenMessages(afterKey: number, limit: number): OpenMessage[] {
    return queueMemory.listOpenMessages(this.#read().queues, afterKey, limit);
  }

  pruneMessages(params: PruneMessagesParams): number {
    return queueMemory.pruneMessages(this.requireOwned().queues, this.#log, params);
  }

  pruneMessageKeys(now: number, limit: number): number {
    return queueMemory.pruneMessageKeys(this.requireOwned().queues, this.#log, now, limit);
  }

  pruneJournal(before: number, limit: number): number {
    const { feed, hosted } = this.requireOwned();
    return pruneAged(feed, hosted, this.#log, before, limit);
  }

  getFeedState(): FeedState {
    return readFeedState(this.#read().feed);
  }

  readFeed(after: number, limit: number): FeedRow[] {
    const { feed, executions } = this.#read();
    return readFeed(feed, executions, after, limit);
  }

  compact(): void {
    this.requireOwned();
  }

  getOwner(): OwnerRecord | undefined {
    return this.#read().holder?.owner;
  }

  getSize(): StoreSize {
    return { bytes: measureMemory(this.#read()), freeBytes: 0 };
  }

  close(): void {
    if (this.#state.holder?.token === this.#token) this.#state.holder = undefined;
    this.#closed = true;
  }

  acquire(owner: OwnerRecord): number {
    const state = this.#read();
    if (state.holder && state.holder.token !== this.#token) throw createOwnedError(this.location, state.holder.owner);
    state.holder = { token: this.#token, owner: { ...owner } };
    this.#epoch = state.epoch += 1;
    beginOwner(state.feed, this.#log, createRandomId());
    let highest = 0;
    for (const key of state.executions.keys()) highest = Math.max(highest, key);
    return highest;
  }

  commit(batch: CommitBatch): void {
    this.write(() => batch);
  }

  protected write(build: (attempt: (write: (tx: Transaction) => void) => void) => CommitBatch): void {
    const state = this.requireOwned();
    try {
      if (this.#log.active) throw new TypeError('A commit is under way');
      this.#log.run(() => {
        const batch = build(write => attemptWrite(state.own, this.#log, write));
        applyBatch(state, this.#log, batch);
        this.persist(batch);
      });
    } catch (error) {
      if (isFlowError(error)) throw error;
      throw createCommitFailedError(this.location, error, 'The rows break a rule of the store: a fault in whoever made them.');
    }
  }

  prune({ settledBefore, executionIds, limit = 1000, at = settledBefore }: PruneParams): number {
    const state = this.requireOwned();
    const old = this.#listNewest()
      .filter(row => row.settledAt !== null && row.settledAt < settledBefore && (executionIds?.includes(row.executionId) ?? !isImported(row)))
      .toSorted((a, b) => (a.settledAt ?? 0) - (b.settledAt ?? 0))
      .slice(0, limit);
    if (old.length === 0) return 0;
    removeExecutionRows(state.feed, this.#log, new Set(old.flatMap(({ executionId }) => state.keysById.get(executionId) ?? [])));
    for (const row of old) {
      removeExecution(state, this.#log, row);
      addJournalRow(state.feed, this.#log, toDeleted('execution', row.executionId, at));
    }
    return old.length;
  }

  /** Called before every read: takes in what others have written meanwhile. */
  protected refresh(): void {}

  /** Called with what was applied, before it counts as stored; what it throws takes the batch back. */
  protected persist(_batch: CommitBatch): void {}

  #read(): MemoryState {
    if (this.#closed) throw createClosedError(this.location);
    this.refresh();
    return this.#state;
  }

  protected readState(): MemoryState {
    return this.#read();
  }

  /** @throws a `FlowError` with code `store_not_acquired` or `stale_owner` */
  protected requireOwned(): MemoryState {
    const state = this.#read();
    if (this.#epoch === undefined) throw createNotAcquiredError(this.location);
    if (this.#epoch !== state.epoch) throw createStaleOwnerError(this.location, this.#epoch, state.epoch);
    return state;
  }

  /** Where what a step has produced is kept: in another generation, when that is where it ran. */
  #findOrigin(key: number, position: number, item: number): { readonly key: number; readonly position: number } {
    const row = this.#read().steps.get(key)?.get(toStepPlace({ position, item }));
    return row && row.originKey !== null && row.originPosition !== null ? { key: row.originKey, position: row.originPosition } : { key, position };
  }

  #listNewest(): ExecutionRecord[] {
    const { keysById, executions } = this.#read();
    return Array.from(keysById.values(), keys => executions.get(keys.at(-1) as number) as ExecutionRecord);
  }

  #listUnsettled(filter: (row: ExecutionRecord) => boolean, compare: (a: ExecutionRecord, b: ExecutionRecord) => number, limit: number): ExecutionRecord[] {
    return [...this.#read().unsettled.values()].filter(filter).toSorted(compare).slice(0, limit).map(copyRow);
  }
}

/** The store as an executable specification: what every other one must do, without a disk. */
export class MemoryStore extends StateStore {
  readonly location = 'memory';
  readonly artifacts = new MemoryArtifacts(() => this.readState());
  readonly interactions = new MemoryInteractions(() => this.readState());
  readonly isolations = new MemoryIsolations(() => this.readState());
  readonly catalog = new MemoryCatalog(() => this.readState());
  readonly actors = new MemoryActors(() => this.readState());
  readonly #shared: MemoryState;

  constructor(state: MemoryState) {
    super(state);
    this.#shared = state;
  }

  /** Makes a store from what `toBytes` gave. */
  static fromBytes(bytes: Uint8Array): MemoryStore {
    return new MemoryStore(fromMemoryText(new TextDecoder().decode(bytes)));
  }

  /** Everything stored, as JSON in UTF-8. */
  toBytes(): Uint8Array {
    return new TextEncoder().encode(toMemoryText(this.#shared));
  }

  /** Another store with what is stored now, and no owner: what a successor finds after a crash. */
  copy(): MemoryStore {
    return new MemoryStore(copyMemoryState(this.#shared));
  }

  /** Opens the same state once more, as a second process would. */
  reopen(): MemoryStore {
    return new MemoryStore(this.#shared);
  }

  /** Takes the ownership away without telling the owner, as when its lock was lost. */
  evict(): void {
    this.#shared.holder = undefined;
  }

  commitWith(build: (attempt: (write: (tx: Transaction) => void) => void) => CommitBatch): void {
    this.write(build);
  }
}

function copyRow<Row extends { failure: unknown }>(row: Row): Row {
  return { ...row, failure: row.failure === null ? null : structuredClone(row.failure) };
}
