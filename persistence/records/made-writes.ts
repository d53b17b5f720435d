import type { ActorWrites } from '../actor-store.ts';
import type { ArtifactWrites } from '../artifact-store.ts';
import type { CatalogWrites } from '../catalog-store.ts';
import type { Write, WriteShape } from '../contract.ts';
import type { InteractionRecord } from '../interaction-store.ts';
import type { IsolationRecord } from '../isolation-store.ts';
import { artifacts, contents, flows, interactions, isolations, labels, outputFolders } from './flow-tables.ts';
import { toValues } from './flow-writes.ts';
import { insertInto } from './shapes.ts';
import { journalKinds } from './journal-kinds.ts';
import { toJson } from './reading.ts';
import { actorMachines, actorParts, actors, journal } from './tables.ts';

const insertArtifact = insertInto(artifacts);
const insertPiece = insertInto(contents);
const putFolder: WriteShape = { ...insertInto(outputFolders), kind: 'put' };
const updateRun: WriteShape = { table: artifacts, kind: 'update', columns: ['run'], mayMiss: true };
const removeArtifact: WriteShape = { table: artifacts, kind: 'remove', columns: ['executionId', 'name', 'version'] };
const removeContent: WriteShape = { table: contents, kind: 'remove', columns: ['executionKey', 'content'] };

export function listArtifactWrites({ stored, pieces, adopted, removed, discarded, folders }: ArtifactWrites, writes: Write[]): void {
  for (const { executionId, name, version, executionKey, content } of removed) {
    writes.push({ shape: removeArtifact, values: [executionId, name, version] }, { shape: removeContent, values: [executionKey, content] });
  }
  for (const { executionKey, content } of discarded) writes.push({ shape: removeContent, values: [executionKey, content] });
  for (const { executionKey, content, number, bytes } of pieces) writes.push({ shape: insertPiece, values: [executionKey, content, number, bytes] });
  for (const row of stored) writes.push({ shape: insertArtifact, values: toValues(insertArtifact, row) });
  for (const { executionId, name, version, run } of adopted) writes.push({ shape: updateRun, values: [run, executionId, name, version] });
  for (const { executionId, executionKey, folder } of folders) writes.push({ shape: putFolder, values: [executionId, executionKey, folder] });
}

const putInteraction: WriteShape = {
  ...insertInto(interactions),
  kind: 'put',
  once: ['executionKey', 'position', 'item', 'stepId', 'attempt', 'run', 'stage', 'prompt', 'startedAt'],
  unless: 'settledAt',
};

export function listInteractionWrites(rows: readonly InteractionRecord[], writes: Write[]): void {
  for (const row of rows) writes.push({ shape: putInteraction, values: toValues(putInteraction, { ...row, failure: toJson(row.failure) }) });
}

const putIsolation: WriteShape = { ...insertInto(isolations), kind: 'put', once: ['folder'], when: { column: 'status', is: 'open' }, rising: 'taken' };

export function listIsolationWrites(rows: readonly IsolationRecord[], writes: Write[]): void {
  for (const row of rows) writes.push({ shape: putIsolation, values: toValues(putIsolation, row) });
}

const insertLabel = insertInto(labels, { keep: true });
const putFlow: WriteShape = { ...insertInto(flows), kind: 'put' };

export function listCatalogWrites({ labels: marks = [], flows: known = [] }: CatalogWrites, writes: Write[]): void {
  for (const row of marks) writes.push({ shape: insertLabel, values: toValues(insertLabel, row) });
  for (const row of known) writes.push({ shape: putFlow, values: toValues(putFlow, row) });
}

const putActor: WriteShape = { ...insertInto(actors), kind: 'put', once: ['createdAt'], unless: 'settledAt' };
/** The common case: no index has to be looked at but the one that finds the row. */
const updateActor: WriteShape = { table: actors, kind: 'update', columns: ['tree', 'seq'], unless: 'settledAt' };
const insertMachine = insertInto(actorMachines, { keep: true });
const putPart: WriteShape = { ...insertInto(actorParts), kind: 'put' };
const removePart: WriteShape = { table: actorParts, kind: 'remove', columns: ['actorId', 'part'] };
const removeParts: WriteShape = { table: actorParts, kind: 'remove', columns: ['actorId'] };
const removeActor: WriteShape = { table: actors, kind: 'remove', columns: ['actorId'] };
/** All rows of an instance of one kind. */
export const removeJournal: WriteShape = { table: journal, kind: 'remove', columns: ['kind', 'instance'] };

export function listActorWrites({ put = [], progress = [], machines = [], parts = [], removedParts = [], removed = [] }: ActorWrites, writes: Write[]): void {
  for (const row of put) writes.push({ shape: putActor, values: toValues(putActor, row) });
  for (const { actorId, tree, seq } of progress) writes.push({ shape: updateActor, values: [tree, seq, actorId] });
  for (const row of machines) writes.push({ shape: insertMachine, values: toValues(insertMachine, row) });
  for (const row of parts) writes.push({ shape: putPart, values: toValues(putPart, row) });
  for (const { actorId, part } of removedParts) writes.push({ shape: removePart, values: [actorId, part] });
  for (const actorId of removed) {
    writes.push({ shape: removeParts, values: [actorId] }, { shape: removeJournal, values: [journalKinds.actor, actorId] }, { shape: removeActor, values: [actorId] });
  }
}
