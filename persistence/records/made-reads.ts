import { readStoredFailure } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { ArtifactReader, ArtifactRecord, ListArtifactsParams } from '../artifact-store.ts';
import type { CatalogReader, FlowRecord, LabelRecord, ListLabelledParams } from '../catalog-store.ts';
import type { StoreReader } from '../contract.ts';
import type { InteractionReader, InteractionRecord, InteractionTotal, ListInteractionsParams } from '../interaction-store.ts';
import type { CountedInteraction } from '../interaction-totals.ts';
import { addUp } from '../interaction-totals.ts';
import type { IsolationReader, IsolationRecord } from '../isolation-store.ts';
import type { Row } from '../table.ts';
import { artifacts, contents, flows, interactions, isolations, labels, outputFolders } from './flow-tables.ts';
import { asRecord, chain, collect, readOne, readRows } from './reading.ts';

/** Artifacts whose versions are read at once to find the newest of each, at most. */
const maxVersions = Number.MAX_SAFE_INTEGER;

export class ArtifactReads implements ArtifactReader {
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  list({ executionId, name, versions = 'newest', upToKey = Number.POSITIVE_INFINITY, after, limit = 1000 }: ListArtifactsParams): Answer<ArtifactRecord[]> {
    let open: ArtifactRecord | undefined;
    const isWanted = (row: ArtifactRecord): boolean => row.executionKey <= upToKey && (name === undefined || row.name === name);
    // Of each name the last version is the newest; the last name of a page may go on in the next one.
    const toNewest = (rows: readonly Row[]): ArtifactRecord[] => {
      const found: ArtifactRecord[] = [];
      for (const row of rows.map(asRecord<ArtifactRecord>).filter(isWanted)) {
        if (open !== undefined && open.name !== row.name) found.push(open);
        open = row;
      }
      return found;
    };
    const select = versions === 'all' ? (rows: readonly Row[]) => rows.map(asRecord<ArtifactRecord>).filter(isWanted) : toNewest;
    const begin = after === undefined ? {} : { after: [after.name, after.version] };
    const request = (last: Row | undefined) => ({
      table: artifacts,
      prefix: [executionId],
      ...(last === undefined ? begin : { after: [last['name'] as string, last['version'] as number] }),
    });
    return chain(collect(this.#store, limit, request, select), found => (versions === 'newest' && open !== undefined && found.length < limit ? [...found, open] : found));
  }

  get({ executionId, name, version }: { readonly executionId: string; readonly name: string; readonly version?: number }): Answer<ArtifactRecord | undefined> {
    const place = version === undefined
      ? { prefix: [executionId, name], order: 'falling' as const, limit: 1 }
      : { keys: [[executionId, name, version]] };
    return readOne(this.#store, { table: artifacts, ...place }, asRecord<ArtifactRecord>);
  }

  count(executionId: string, upToKey?: number): Answer<{ count: number; bytes: number }> {
    return chain(this.list({ executionId, limit: maxVersions, ...(upToKey !== undefined && { upToKey }) }), rows => ({
      count: rows.length,
      bytes: rows.reduce((sum, { size }) => sum + size, 0),
    }));
  }

  readPiece(executionKey: number, content: number, number: number): Answer<Uint8Array | undefined> {
    // Not the driver's own class of bytes, nor those that a store keeps.
    return readOne(this.#store, { table: contents, keys: [[executionKey, content, number]], columns: ['bytes'] }, row => new Uint8Array(row['bytes'] as Uint8Array));
  }

  /** From one content to the next: pieces are not read. */
  listContents(executionKey: number): Answer<number[]> {
    const found: number[] = [];
    const next = (after: readonly number[] | undefined): Answer<number[]> =>
      chain(
        readOne(this.#store, { table: contents, prefix: [executionKey], ...(after && { after }), limit: 1, columns: ['content'] }, row => row['content'] as number),
        content => {
          if (content === undefined) return found;
          found.push(content);
          return next([content]);
        },
      );
    return next(undefined);
  }

  getFolder(executionId: string): Answer<string | undefined> {
    return readOne(this.#store, { table: outputFolders, keys: [[executionId]], columns: ['folder'] }, row => row['folder'] as string);
  }
}

const toInteraction = (row: Row): InteractionRecord => ({ ...row, failure: readStoredFailure('interactions.failure', `${String(row['executionId'])}/${String(row['number'])}`, row['failure'] as string | null) }) as unknown as InteractionRecord;
const countedColumns = ['executionKey', 'position', 'stepId', 'model', 'status', 'inputTokens', 'outputTokens', 'totalTokens', 'cost', 'startedAt', 'settledAt'];

export class InteractionReads implements InteractionReader {
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  list({ executionId, position, after = 0, limit = 100 }: ListInteractionsParams): Answer<InteractionRecord[]> {
    const request = (last: Row | undefined) => ({ table: interactions, prefix: [executionId], after: [(last?.['number'] as number | undefined) ?? after] });
    return collect(this.#store, limit, request, rows => rows.filter(row => position === undefined || row['position'] === position).map(toInteraction));
  }

  total(executionId: string, executionKey?: number): Answer<InteractionTotal[]> {
    return chain(this.#store.read([{ table: interactions, prefix: [executionId], columns: countedColumns }]), ([rows = []]) =>
      addUp(rows.filter(row => executionKey === undefined || row['executionKey'] === executionKey) as unknown as CountedInteraction[]),
    );
  }

  listPending(limit: number): Answer<InteractionRecord[]> {
    return readRows(this.#store, { table: interactions, index: 'interactions_pending', limit }, toInteraction);
  }

  last(executionId: string): Answer<number> {
    const newest = { table: interactions, prefix: [executionId], order: 'falling' as const, limit: 1, columns: ['number'] };
    return chain(readOne(this.#store, newest, row => row['number'] as number), number => number ?? 0);
  }
}

export class IsolationReads implements IsolationReader {
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  get(executionKey: number): Answer<IsolationRecord | undefined> {
    return readOne(this.#store, { table: isolations, keys: [[executionKey]] }, asRecord<IsolationRecord>);
  }

  listOpen(afterKey: number, limit: number): Answer<IsolationRecord[]> {
    return readRows(this.#store, { table: isolations, index: 'isolations_open', after: [afterKey], limit }, asRecord<IsolationRecord>);
  }
}

export class CatalogReads implements CatalogReader {
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  listLabels(executionId: string): Answer<LabelRecord[]> {
    return readRows(this.#store, { table: labels, prefix: [executionId] }, asRecord<LabelRecord>);
  }

  listLabelled({ name, value, limit, after, order = 'newest' }: ListLabelledParams): Answer<string[]> {
    const place = { table: labels, index: 'labels_by_value', prefix: [name, value], ...(after !== undefined && { after: [after] }) };
    const way = order === 'newest' ? 'falling' : 'rising';
    return readRows(this.#store, { ...place, order: way, limit, columns: ['executionId'] }, row => row['executionId'] as string);
  }

  getFlow(flowId: string): Answer<FlowRecord | undefined> {
    return readOne(this.#store, { table: flows, keys: [[flowId]] }, asRecord<FlowRecord>);
  }

  listFlows(after: string, limit: number): Answer<FlowRecord[]> {
    return readRows(this.#store, { table: flows, after: [after], limit }, asRecord<FlowRecord>);
  }
}
