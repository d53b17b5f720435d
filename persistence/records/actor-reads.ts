import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorReader, ActorRecord, DueActor, ListActorsParams } from '../actor-store.ts';
import type { Answer } from '../answer.ts';
import type { StoreReader } from '../contract.ts';
import type { Row } from '../table.ts';
import { readActorJournal } from './journal-reads.ts';
import { asRecord, collect, readOne, readRows } from './reading.ts';
import { actorMachines, actorParts, actors } from './tables.ts';

export class ActorReads implements ActorReader {
  readonly #store: StoreReader;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  getActor(actorId: string): Answer<ActorRecord | undefined> {
    return readOne(this.#store, { table: actors, keys: [[actorId]] }, asRecord<ActorRecord>);
  }

  listActors({ status, machineId, limit, after = '' }: ListActorsParams): Answer<ActorRecord[]> {
    const isWanted = (row: Row): boolean => (status === undefined || row['status'] === status) && (machineId === undefined || row['machineId'] === machineId);
    const request = (last: Row | undefined) => ({ table: actors, after: [(last?.['actorId'] as string | undefined) ?? after] });
    return collect(this.#store, limit, request, rows => rows.filter(isWanted).map(asRecord<ActorRecord>));
  }

  listActorParts(actorId: string, after: string, limit: number): Answer<ActorPartRecord[]> {
    return readRows(this.#store, { table: actorParts, prefix: [actorId], after: [after], limit }, asRecord<ActorPartRecord>);
  }

  getActorMachine(machineDigest: string): Answer<ActorMachineRecord | undefined> {
    return readOne(this.#store, { table: actorMachines, keys: [[machineDigest]] }, asRecord<ActorMachineRecord>);
  }

  listDueActors({ wakeAt, actorId }: DueActor, until: number, limit: number): Answer<DueActor[]> {
    return readRows(this.#store, { table: actors, index: 'actors_wake', after: [wakeAt, actorId], to: until, limit, columns: ['actorId', 'wakeAt'] }, asRecord<DueActor>);
  }

  nextActorWakeAt(after: number): Answer<number | undefined> {
    return readOne(this.#store, { table: actors, index: 'actors_wake', from: after + 1, limit: 1, columns: ['wakeAt'] }, row => row['wakeAt'] as number);
  }

  readActorJournal(actorId: string, after: number, limit: number): Answer<ActorJournalRecord[]> {
    return readActorJournal(this.#store, actorId, after, limit);
  }

  listSettledActors(before: number, limit: number): Answer<string[]> {
    return readRows(this.#store, { table: actors, index: 'actors_settled', to: before - 1, limit, columns: ['actorId'] }, row => row['actorId'] as string);
  }
}
