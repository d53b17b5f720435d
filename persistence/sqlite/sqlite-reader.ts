import type { InstanceRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageTimes } from '../queue-store.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { FeedRow, FeedState } from '../feed-store.ts';
import type { ListDurationsParams, StepDuration } from '../durations-store.ts';
import type { AttemptRecord, DefinitionRecord, ExecutionRecord, ExecutionStatus, InputRecord, JournalRecord, OwnerRecord, SignalRecord, StepRecord } from '../records.ts';
import { createClosedError } from '../store-errors.ts';
import type { ListExecutionsParams, StepOutcome, StoreReader, StoreSize } from '../store.ts';
import { SqliteArtifacts } from './artifacts.ts';
import type { SqliteReads } from './artifacts.ts';
import { SqliteActors } from './actors.ts';
import { SqliteCatalog } from './catalog.ts';
import type { SqliteConnection } from './connection.ts';
import { selectConsolidated, selectInputs, toConsolidated } from './consolidated.ts';
import type { SqliteValue } from './driver.ts';
import { toReadError } from './errors.ts';
import { readHandleOwner } from './handle-owner.ts';
import { flowRows, readFeed, readFeedState } from './journal.ts';
import { SqliteInteractions } from './interactions.ts';
import { SqliteIsolations } from './isolations.ts';
import { readSize } from './maintenance.ts';
import { closeDatabase } from './open.ts';
import type { OpenedDatabase } from './open.ts';
import { readOwner } from './owner.ts';
import * as queueReads from './queue-reads.ts';
import { byPlace, isNewest, selectAttempts, selectExecutions, selectResults, selectSteps, toAttempt, toExecution, toResult, toStep } from './rows.ts';

/** Retried generations are settled ones: an unsettled one has no successor. */
const countSuperseded = `
  SELECT sum(o.status = 'scored') AS scored, sum(o.status = 'failed') AS failed
  FROM executions AS n INDEXED BY executions_retried JOIN executions AS o ON o.execution_id = n.execution_id AND o.generation = n.generation - 1
  WHERE n.generation > 1`;

const selectOrigin = `
  SELECT origin_key AS key, origin_position AS position FROM steps
  WHERE execution_key = ? AND position = ? AND item = ? AND origin_key IS NOT NULL`;

const selectKeptOutputs = `
  SELECT s.item, a.output FROM steps AS s JOIN attempts AS a
    ON a.execution_key = s.origin_key AND a.position = s.origin_position AND a.item = s.item AND a.run = s.run AND a.status = 'completed'
  WHERE s.execution_key = ? AND s.position = ? AND s.item >= 0 AND s.origin_key IS NOT NULL AND a.output IS NOT NULL ORDER BY s.item`;

/** Reads a SQLite store, also while another process owns and writes it. */
export class SqliteReader implements StoreReader {
  readonly location: string;
  readonly artifacts: SqliteArtifacts;
  readonly interactions: SqliteInteractions;
  readonly isolations: SqliteIsolations;
  readonly catalog: SqliteCatalog;
  readonly actors: SqliteActors;
  protected readonly opened: OpenedDatabase;
  #closed = false;

  constructor(opened: OpenedDatabase) {
    this.opened = opened;
    this.location = opened.path ?? ':memory:';
    const reads: SqliteReads = {
      get: (sql, toRecord, ...values) => this.get(sql, toRecord, ...values),
      all: (sql, toRecord, ...values) => this.all(sql, toRecord, ...values),
    };
    this.artifacts = new SqliteArtifacts(reads);
    this.interactions = new SqliteInteractions(reads);
    this.isolations = new SqliteIsolations(reads);
    this.catalog = new SqliteCatalog(reads);
    this.actors = new SqliteActors(reads);
  }

  getDefinition(digest: string): DefinitionRecord | undefined {
    return this.get('SELECT digest, flow_id AS flowId, version, definition, created_at AS createdAt FROM definitions WHERE digest = ?', row => ({ ...(row as DefinitionRecord) }), digest);
  }

  getExecution(executionId: string, generation?: number): ExecutionRecord | undefined {
    if (generation === undefined) return this.listGenerations(executionId, 1)[0];
    return this.get(`${selectExecutions} WHERE e.execution_id = ? AND e.generation = ?`, toExecution, executionId, generation);
  }

  listGenerations(executionId: string, limit = 100): ExecutionRecord[] {
    return this.all(`${selectExecutions} WHERE e.execution_id = ? ORDER BY e.generation DESC LIMIT ?`, toExecution, executionId, limit);
  }

  findByIdempotencyKey(idempotencyKey: string): ExecutionRecord | undefined {
    const first = this.get(`${selectExecutions} WHERE e.idempotency_key = ? AND e.generation = 1`, toExecution, idempotencyKey);
    return first && this.getExecution(first.executionId);
  }

  listExecutions({ status, flowId, limit = 100, after, order = 'newest' }: ListExecutionsParams): ExecutionRecord[] {
    const [comparison, direction] = order === 'newest' ? ['<', 'DESC'] : ['>', 'ASC'];
    const list = (one: ExecutionStatus | undefined): ExecutionRecord[] => {
      const conditions = [
        ...(one === undefined ? [] : ['e.status = ?']),
        ...(flowId === undefined ? [] : ['e.flow_id = ?']),
        ...(after === undefined ? [] : [`e.key ${comparison} ?`]),
        isNewest,
      ];
      const values = [one, flowId, after].filter(value => value !== undefined);
      return this.all(`${selectExecutions} WHERE ${conditions.join(' AND ')} ORDER BY e.key ${direction} LIMIT ?`, toExecution, ...values, limit);
    };
    if (!status) return list(undefined);
    // One status at a time keeps to the order of an index, however many rows there are.
    const sign = order === 'newest' ? -1 : 1;
    return [...new Set(status)].flatMap(list).toSorted((a, b) => (a.key - b.key) * sign).slice(0, limit);
  }

  countExecutions(): Record<ExecutionStatus, number> {
    const counts = { pending: 0, stepping: 0, consolidating: 0, scored: 0, failed: 0 };
    const rows = this.all('SELECT status, count(*) AS count FROM executions GROUP BY status', row => row as { status: ExecutionStatus; count: number });
    for (const { status, count } of rows) counts[status] = count;
    const superseded = this.get(countSuperseded, row => row as { scored: number | null; failed: number | null });
    counts.scored -= superseded?.scored ?? 0;
    counts.failed -= superseded?.failed ?? 0;
    return counts;
  }

  listSteps(executionKey: number): StepRecord[] {
    return this.all(`${selectSteps} WHERE execution_key = ?`, toStep, executionKey).sort(byPlace);
  }

  listResults(executionKey: number): StepOutcome[] {
    return this.all(selectResults, toResult, executionKey).sort((a, b) => byPlace(a.step, b.step));
  }

  listAttempts(executionKey: number): AttemptRecord[] {
    return this.all(`${selectAttempts} WHERE execution_key = ?`, toAttempt, executionKey).sort((a, b) => byPlace(a, b) || a.run - b.run);
  }

  listInputs(executionKey: number): InputRecord[] {
    return this.all(selectInputs, row => ({ ...(row as InputRecord) }), executionKey).sort(byPlace);
  }

  getConsolidated(executionKey: number): ConsolidatedRecord | undefined {
    return this.get(`${selectConsolidated} WHERE execution_key = ?`, toConsolidated, executionKey);
  }

  getInput(executionKey: number, position: number, item: number): string | undefined {
    if (position < 0) return undefined;
    return this.#readKept(executionKey, position, item, (key, place) =>
      this.get('SELECT input FROM inputs WHERE execution_key = ? AND position = ? AND item = ?', row => (row as { input: string }).input, key, place, item),
    );
  }

  getOutput(executionKey: number, position: number, item: number): string | undefined {
    const sql = `SELECT output FROM attempts WHERE execution_key = ? AND position = ? AND item = ? AND status = 'completed'`;
    return this.#readKept(executionKey, position, item, (key, place) => this.get(sql, row => (row as { output: string | null }).output, key, place, item) ?? undefined);
  }

  listItemOutputs(executionKey: number, position: number): { item: number; output: string }[] {
    const sql = `SELECT item, output FROM attempts WHERE execution_key = ? AND position = ? AND item >= 0 AND status = 'completed' AND output IS NOT NULL ORDER BY item`;
    const toOutput = (row: unknown): { item: number; output: string } => ({ ...(row as { item: number; output: string }) });
    const own = this.all(sql, toOutput, executionKey, position);
    const kept = this.all(selectKeptOutputs, toOutput, executionKey, position);
    return kept.length === 0 ? own : [...own, ...kept].sort((a, b) => a.item - b.item);
  }

  /** Reads under the key itself, and where nothing is there: under that of the generation the step, or the item, was kept from. */
  #readKept<T>(executionKey: number, position: number, item: number, read: (key: number, position: number) => T | undefined): T | undefined {
    const found = read(executionKey, position);
    if (found !== undefined) return found;
    const origin = this.get(selectOrigin, row => row as { key: number; position: number }, executionKey, position, item);
    return origin && read(origin.key, origin.position);
  }

  readJournal(executionKey: number, afterSeq: number, limit = 1000): JournalRecord[] {
    // The last row that begins at or before the first transition wanted may hold it, too.
    const sql = `SELECT instance AS executionKey, seq, at, entries FROM journal
      WHERE ${flowRows} AND seq >= (SELECT coalesce(max(seq), 0) FROM journal WHERE ${flowRows} AND seq <= ?)
        AND (seq > ? OR seq + iif(json_valid(entries), json_array_length(entries), 1) - 1 > ?)
      ORDER BY seq LIMIT ?`;
    return this.all(sql, row => ({ ...(row as JournalRecord) }), executionKey, executionKey, afterSeq, afterSeq, afterSeq, limit);
  }

  listSignals(executionKey: number): SignalRecord[] {
    const sql = 'SELECT execution_key AS executionKey, number, name, payload, received_at AS receivedAt FROM signals WHERE execution_key = ?';
    return this.all(sql, row => ({ ...(row as SignalRecord) }), executionKey).sort((a, b) => a.number - b.number);
  }

  getMessage(messageId: string): MessageRecord | undefined {
    return this.read(connection => queueReads.getMessage(connection, messageId));
  }

  getMessagePayload(key: number): string | undefined {
    return this.read(connection => queueReads.getMessagePayload(connection, key));
  }

  listMessages(params: ListMessagesParams): MessageRecord[] {
    return this.read(connection => queueReads.listMessages(connection, params));
  }

  countMessages(): MessageCount[] {
    return this.read(queueReads.countMessages);
  }

  listMessageTimes(queue: string, since: number, limit: number): MessageTimes[] {
    return this.read(connection => queueReads.listMessageTimes(connection, queue, since, limit));
  }

  findMessageByKey(queue: string, idempotencyKey: string, now: number): string | undefined {
    return this.read(connection => queueReads.findMessageByKey(connection, queue, idempotencyKey, now));
  }

  listInstances(): InstanceRecord[] {
    return this.read(queueReads.listInstances);
  }

  listOutbox(afterKey: number, limit: number): OutboxRecord[] {
    return this.read(connection => queueReads.listOutbox(connection, afterKey, limit));
  }

  listMessageWaiters(after: Parameters<StoreReader['listMessageWaiters']>[0], limit: number): MessageWaiterRecord[] {
    return this.read(connection => queueReads.listMessageWaiters(connection, after, limit));
  }

  listDurations({ flowId, before, executions, steps }: ListDurationsParams): StepDuration[] {
    const recent = 'SELECT key FROM executions WHERE flow_id = ? AND key < ? ORDER BY key DESC LIMIT ?';
    // A place at a time: a scan of an execution's steps would read all the items of its `for_each` steps.
    const duration = `SELECT step_id AS stepId, settled_at - coalesce(run_at, started_at) AS durationMs FROM steps
      WHERE execution_key = ? AND position = ? AND item = -1 AND status = 'completed' AND origin_key IS NULL`;
    const found: StepDuration[] = [];
    for (const key of this.all(recent, row => (row as { key: number }).key, flowId, before, executions)) {
      for (let position = 0; position < steps; position++) {
        const row = this.get(duration, one => ({ ...(one as StepDuration) }), key, position);
        if (row) found.push(row);
      }
    }
    return found;
  }

  getFeedState(): FeedState {
    return this.read(readFeedState);
  }

  readFeed(after: number, limit: number): FeedRow[] {
    return this.read(connection => readFeed(connection, after, limit));
  }

  getOwner(): OwnerRecord | undefined {
    const { path, connection } = this.opened;
    return this.read(() => (path === undefined ? readHandleOwner(connection.database) : readOwner(path, connection.driver)));
  }

  getSize(): StoreSize {
    return this.read(connection => readSize(connection, this.opened.path));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeDatabase(this.opened);
  }

  protected requireOpen(): SqliteConnection {
    if (this.#closed) throw createClosedError(this.location);
    return this.opened.connection;
  }

  protected read<T>(work: (connection: SqliteConnection) => T): T {
    const connection = this.requireOpen();
    try {
      return work(connection);
    } catch (error) {
      throw toReadError(this.location, error);
    }
  }

  protected get<T>(sql: string, toRecord: (row: unknown) => T, ...values: SqliteValue[]): T | undefined {
    const row = this.read(connection => connection.prepare(sql).get(...values));
    return row === undefined ? undefined : toRecord(row);
  }

  protected all<T>(sql: string, toRecord: (row: unknown) => T, ...values: SqliteValue[]): T[] {
    return this.read(connection => connection.prepare(sql).all(...values)).map(toRecord);
  }
}
