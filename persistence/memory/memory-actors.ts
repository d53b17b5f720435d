import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorReader, ActorRecord, ActorWrites, DueActor, ListActorsParams } from '../actor-store.ts';
import { createSettledError } from '../store-errors.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

const byId = (a: ActorRecord, b: ActorRecord): number => (a.actorId < b.actorId ? -1 : 1);

const compareDue = (a: DueActor, b: DueActor): number => a.wakeAt - b.wakeAt || (a.actorId < b.actorId ? -1 : a.actorId > b.actorId ? 1 : 0);

export class MemoryActors implements ActorReader {
  readonly #read: () => MemoryState;

  constructor(read: () => MemoryState) {
    this.#read = read;
  }

  get #rows(): ActorRecord[] {
    return [...this.#read().hosted.actors.values()];
  }

  getActor(actorId: string): ActorRecord | undefined {
    return this.#read().hosted.actors.get(actorId);
  }

  listActors({ status, machineId, limit, after = '' }: ListActorsParams): ActorRecord[] {
    const matches = (row: ActorRecord): boolean => row.actorId > after && (status === undefined || row.status === status) && (machineId === undefined || row.machineId === machineId);
    return this.#rows.filter(matches).toSorted(byId).slice(0, limit);
  }

  listActorParts(actorId: string, after: string, limit: number): ActorPartRecord[] {
    const parts = [...(this.#read().hosted.parts.get(actorId)?.values() ?? [])];
    return parts.filter(({ part }) => part > after).toSorted((a, b) => (a.part < b.part ? -1 : 1)).slice(0, limit);
  }

  getActorMachine(machineDigest: string): ActorMachineRecord | undefined {
    return this.#read().hosted.machines.get(machineDigest);
  }

  listDueActors(after: DueActor, until: number, limit: number): DueActor[] {
    const due = this.#rows.flatMap(({ actorId, wakeAt }) => (wakeAt !== null && wakeAt <= until ? [{ actorId, wakeAt }] : []));
    return due.filter(one => compareDue(one, after) > 0).toSorted(compareDue).slice(0, limit);
  }

  nextActorWakeAt(after: number): number | undefined {
    let next: number | undefined;
    for (const { wakeAt } of this.#rows) if (wakeAt !== null && wakeAt > after && (next === undefined || wakeAt < next)) next = wakeAt;
    return next;
  }

  readActorJournal(actorId: string, after: number, limit: number): ActorJournalRecord[] {
    const rows = [...(this.#read().hosted.journals.get(actorId)?.values() ?? [])];
    return rows.filter(({ seq }) => seq > after).toSorted((a, b) => a.seq - b.seq).slice(0, limit);
  }

  listSettledActors(before: number, limit: number): string[] {
    const old = this.#rows.filter(({ settledAt }) => settledAt !== null && settledAt < before).toSorted((a, b) => (a.settledAt as number) - (b.settledAt as number));
    return old.slice(0, limit).map(({ actorId }) => actorId);
  }
}

export function applyActors({ hosted }: MemoryState, log: UndoLog, { put = [], progress = [], journal = [], machines = [], parts = [], removedParts = [], removed = [] }: ActorWrites): void {
  for (const row of put) {
    const before = hosted.actors.get(row.actorId);
    if (before && before.settledAt !== null) throw createSettledError('actor', row.actorId);
    if ((row.settledAt === null) !== (row.status === 'active')) throw new TypeError(`Expected \`settledAt\` of actor ${row.actorId} to be set exactly when it is not active`);
    log.set(hosted.actors, row.actorId, Object.freeze({ ...row, createdAt: before?.createdAt ?? row.createdAt }));
  }
  for (const { actorId, tree, seq } of progress) {
    const before = hosted.actors.get(actorId);
    if (!before || before.settledAt !== null) throw createSettledError('actor', actorId);
    log.set(hosted.actors, actorId, Object.freeze({ ...before, tree, seq }));
  }
  for (const machine of machines) if (!hosted.machines.has(machine.machineDigest)) log.set(hosted.machines, machine.machineDigest, Object.freeze({ ...machine }));
  for (const row of journal) {
    let rows = hosted.journals.get(row.actorId);
    if (!rows) log.set(hosted.journals, row.actorId, (rows = new Map<number, ActorJournalRecord>()));
    if (rows.has(row.seq)) throw new TypeError(`The journal row ${row.actorId}/${row.seq} is stored already, and is written once`);
    log.set(rows, row.seq, Object.freeze({ ...row }));
  }
  for (const part of parts) {
    let all = hosted.parts.get(part.actorId);
    if (!all) log.set(hosted.parts, part.actorId, (all = new Map<string, ActorPartRecord>()));
    log.set(all, part.part, Object.freeze({ ...part }));
  }
  for (const { actorId, part } of removedParts) {
    const all = hosted.parts.get(actorId);
    if (all) log.delete(all, part);
  }
  for (const actorId of removed) {
    log.delete(hosted.parts, actorId);
    log.delete(hosted.actors, actorId);
    log.delete(hosted.journals, actorId);
  }
}
