import type { ArtifactRecord, ContentPiece } from '../artifact-store.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { FlowRecord, LabelRecord } from '../catalog-store.ts';
import type { InteractionRecord } from '../interaction-store.ts';
import type { IsolationRecord } from '../isolation-store.ts';
import type {
  AttemptRecord, DefinitionRecord, ExecutionRecord, InputRecord, JournalRecord, OwnerRecord, SignalRecord, StepRecord,
} from '../records.ts';
import { upgradeConsolidated } from './older-consolidated.ts';
import { copyActorState, createActorState, fromActorLists, toActorLists } from './actor-state.ts';
import type { ActorLists, ActorState } from './actor-state.ts';
import { copyFeedMemory, createFeedMemory, fromFeedLists, toFeedLists } from './feed-memory.ts';
import type { FeedLists, FeedMemory } from './feed-memory.ts';
import { copyQueueState, createQueueState, fromQueueLists, toQueueLists } from './queue-state.ts';
import type { QueueLists, QueueState } from './queue-state.ts';

/** Rows of one execution, each under its place as text. */
type Rows<Row> = Map<number, Map<string, Row>>;
type RowsById<Row> = Map<string, Map<string, Row>>;

/** Everything a memory store holds: what would be on disk. Rows are frozen and replaced whole. */
export interface MemoryState {
  epoch: number;
  readonly definitions: Map<string, DefinitionRecord>;
  readonly executions: Map<number, ExecutionRecord>;
  /** Keys of the executions that have not settled. */
  readonly unsettled: Map<number, ExecutionRecord>;
  /** Keys of all generations of an execution, the oldest first. */
  readonly keysById: Map<string, readonly number[]>;
  readonly keysByIdempotencyKey: Map<string, number>;
  readonly steps: Rows<StepRecord>;
  readonly attempts: Rows<AttemptRecord>;
  readonly inputs: Rows<InputRecord>;
  readonly journal: Rows<JournalRecord>;
  readonly signals: Rows<SignalRecord>;
  /** By execution id, then name and version: versions are counted over the generations of an execution. */
  readonly artifacts: RowsById<ArtifactRecord>;
  readonly pieces: Rows<ContentPiece>;
  readonly folders: Map<string, { readonly executionKey: number; readonly folder: string }>;
  readonly interactions: RowsById<InteractionRecord>;
  readonly isolations: Map<number, IsolationRecord>;
  readonly consolidated: Map<number, ConsolidatedRecord>;
  /** By execution id, then name. */
  readonly labels: RowsById<LabelRecord>;
  readonly flows: Map<string, FlowRecord>;
  /** What steps wrote through `commitWith`. */
  readonly own: Map<string, string>;
  readonly queues: QueueState;
  readonly hosted: ActorState;
  readonly feed: FeedMemory;
  /** Not part of what is on disk: goes with the process that owns. */
  holder: { readonly token: object; readonly owner: OwnerRecord } | undefined;
}

export function createMemoryState(): MemoryState {
  return {
    epoch: 0,
    definitions: new Map(),
    executions: new Map(),
    unsettled: new Map(),
    keysById: new Map(),
    keysByIdempotencyKey: new Map(),
    steps: new Map(),
    attempts: new Map(),
    inputs: new Map(),
    journal: new Map(),
    signals: new Map(),
    artifacts: new Map(),
    pieces: new Map(),
    folders: new Map(),
    interactions: new Map(),
    isolations: new Map(),
    consolidated: new Map(),
    labels: new Map(),
    flows: new Map(),
    own: new Map(),
    queues: createQueueState(),
    hosted: createActorState(),
    feed: createFeedMemory(),
    holder: undefined,
  };
}

const copyRows = <Key, Row>(rows: Map<Key, Map<string, Row>>): Map<Key, Map<string, Row>> => new Map(Array.from(rows, ([key, of]) => [key, new Map(of)]));

/** Copies the state as it is, without its owner. Rows are shared: they never change. */
export function copyMemoryState(state: MemoryState): MemoryState {
  return {
    epoch: state.epoch,
    definitions: new Map(state.definitions),
    executions: new Map(state.executions),
    unsettled: new Map(state.unsettled),
    keysById: new Map(state.keysById),
    keysByIdempotencyKey: new Map(state.keysByIdempotencyKey),
    steps: copyRows(state.steps),
    attempts: copyRows(state.attempts),
    inputs: copyRows(state.inputs),
    journal: copyRows(state.journal),
    signals: copyRows(state.signals),
    artifacts: copyRows(state.artifacts),
    pieces: copyRows(state.pieces),
    folders: new Map(state.folders),
    interactions: copyRows(state.interactions),
    isolations: new Map(state.isolations),
    consolidated: new Map(state.consolidated),
    labels: copyRows(state.labels),
    flows: new Map(state.flows),
    own: new Map(state.own),
    queues: copyQueueState(state.queues),
    hosted: copyActorState(state.hosted),
    feed: copyFeedMemory(state.feed),
    holder: undefined,
  };
}

const listRows = <Key, Row>(rows: Map<Key, Map<string, Row>>): Row[] => [...rows.values()].flatMap(of => [...of.values()]);

/** The state as JSON text, for tests that compare or keep it. */
export function toMemoryText(state: MemoryState): string {
  return JSON.stringify({
    epoch: state.epoch,
    definitions: [...state.definitions.values()],
    executions: [...state.executions.values()],
    steps: listRows(state.steps),
    attempts: listRows(state.attempts),
    inputs: listRows(state.inputs),
    journal: listRows(state.journal),
    signals: listRows(state.signals),
    artifacts: listRows(state.artifacts),
    pieces: listRows(state.pieces).map(({ bytes, ...row }) => ({ ...row, bytes: Buffer.from(bytes).toString('base64') })),
    folders: [...state.folders],
    interactions: listRows(state.interactions),
    isolations: [...state.isolations.values()],
    consolidated: [...state.consolidated.values()],
    labels: listRows(state.labels),
    flows: [...state.flows.values()],
    own: [...state.own],
    queues: toQueueLists(state.queues),
    hosted: toActorLists(state.hosted),
    feed: toFeedLists(state.feed),
  });
}

/** Its size as text, contents of artifacts as they are: these may be too much to be written as text. */
export function measureMemory(state: MemoryState): number {
  let bytes = toMemoryText({ ...state, pieces: new Map() }).length;
  for (const of of state.pieces.values()) for (const piece of of.values()) bytes += piece.bytes.length;
  return bytes;
}

function fillRows<Row extends { readonly executionKey: number }>(rows: Rows<Row>, list: readonly Row[] | undefined, toPlace: (row: Row) => string): void {
  for (const row of list ?? []) {
    const of = rows.get(row.executionKey) ?? new Map<string, Row>();
    rows.set(row.executionKey, of.set(toPlace(row), Object.freeze(row)));
  }
}

function fillRowsById<Row extends { readonly executionId: string }>(rows: RowsById<Row>, list: readonly Row[] | undefined, toPlace: (row: Row) => string): void {
  for (const row of list ?? []) {
    const of = rows.get(row.executionId) ?? new Map<string, Row>();
    rows.set(row.executionId, of.set(toPlace(row), Object.freeze(row)));
  }
}

export function fromMemoryText(text: string): MemoryState {
  const stored = JSON.parse(text) as {
    epoch: number;
    definitions: DefinitionRecord[];
    executions: ExecutionRecord[];
    steps: StepRecord[];
    attempts: AttemptRecord[];
    inputs: InputRecord[];
    journal: JournalRecord[];
    signals: SignalRecord[];
    artifacts?: ArtifactRecord[];
    pieces?: (Omit<ContentPiece, 'bytes'> & { readonly bytes: string })[];
    folders?: [string, { executionKey: number; folder: string }][];
    interactions?: InteractionRecord[];
    isolations?: IsolationRecord[];
    /** Missing in what was kept before there were any. */
    consolidated?: ConsolidatedRecord[];
    labels?: LabelRecord[];
    flows?: FlowRecord[];
    own: [string, string][];
    queues?: QueueLists;
    hosted?: ActorLists;
    feed?: FeedLists;
  };
  const state: MemoryState = { ...createMemoryState(), queues: fromQueueLists(stored.queues), hosted: fromActorLists(stored.hosted), feed: fromFeedLists(stored.feed) };
  state.epoch = stored.epoch;
  for (const row of stored.definitions) state.definitions.set(row.digest, row);
  for (const row of stored.executions) {
    state.executions.set(row.key, row);
    if (row.settledAt === null) state.unsettled.set(row.key, row);
    state.keysById.set(row.executionId, [...(state.keysById.get(row.executionId) ?? []), row.key]);
    if (row.idempotencyKey !== null && row.generation === 1) state.keysByIdempotencyKey.set(row.idempotencyKey, row.key);
  }
  fillRows(state.steps, stored.steps, toStepPlace);
  fillRows(state.attempts, stored.attempts, toAttemptPlace);
  fillRows(state.inputs, stored.inputs, toStepPlace);
  fillRows(state.journal, stored.journal, row => String(row.seq));
  fillRows(state.signals, stored.signals, row => String(row.number));
  fillRowsById(state.artifacts, stored.artifacts, toVersionPlace);
  fillRows(state.pieces, stored.pieces?.map(row => ({ ...row, bytes: new Uint8Array(Buffer.from(row.bytes, 'base64')) })), toPiecePlace);
  for (const [id, row] of stored.folders ?? []) state.folders.set(id, row);
  fillRowsById(state.interactions, stored.interactions, row => String(row.number));
  for (const row of stored.isolations ?? []) state.isolations.set(row.executionKey, row);
  for (const row of upgradeConsolidated(stored.consolidated ?? [], stored.executions)) state.consolidated.set(row.executionKey, Object.freeze(row));
  fillRowsById(state.labels, stored.labels, row => row.name);
  for (const row of stored.flows ?? []) state.flows.set(row.flowId, row);
  for (const [key, value] of stored.own) state.own.set(key, value);
  return state;
}

export const toStepPlace = (row: { readonly position: number; readonly item: number }): string => `${row.position}/${row.item}`;

export const toAttemptPlace = (row: { readonly position: number; readonly item: number; readonly run: number }): string =>
  `${row.position}/${row.item}/${row.run}`;

export const toVersionPlace = (row: { readonly name: string; readonly version: number }): string => `${row.version}/${row.name}`;

export const toPiecePlace = (row: { readonly content: number; readonly number: number }): string => `${row.content}/${row.number}`;
