import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorRecord } from '../actor-store.ts';

/** Machines by digest; actors by id, and of each the parts of its tree by name and the rows of its journal by their last number. */
export interface ActorState {
  readonly machines: Map<string, ActorMachineRecord>;
  readonly actors: Map<string, ActorRecord>;
  readonly parts: Map<string, Map<string, ActorPartRecord>>;
  readonly journals: Map<string, Map<number, ActorJournalRecord>>;
}

export const createActorState = (): ActorState => ({ machines: new Map(), actors: new Map(), parts: new Map(), journals: new Map() });

const copyRows = <Key, Row>(rows: ReadonlyMap<string, ReadonlyMap<Key, Row>>): Map<string, Map<Key, Row>> => new Map(Array.from(rows, ([id, own]) => [id, new Map(own)]));

export const copyActorState = ({ machines, actors, parts, journals }: ActorState): ActorState => ({ machines: new Map(machines), actors: new Map(actors), parts: copyRows(parts), journals: copyRows(journals) });

export interface ActorLists {
  readonly machines?: readonly ActorMachineRecord[];
  readonly actors: readonly ActorRecord[];
  readonly parts?: readonly ActorPartRecord[];
  readonly journal: readonly ActorJournalRecord[];
}

const listRows = <Key, Row>(rows: ReadonlyMap<string, ReadonlyMap<Key, Row>>): Row[] => [...rows.values()].flatMap(own => [...own.values()]);

export const toActorLists = ({ machines, actors, parts, journals }: ActorState): ActorLists => ({ machines: [...machines.values()], actors: [...actors.values()], parts: listRows(parts), journal: listRows(journals) });

export function fromActorLists(lists: ActorLists | undefined): ActorState {
  const state = createActorState();
  for (const machine of lists?.machines ?? []) state.machines.set(machine.machineDigest, Object.freeze(machine));
  for (const row of lists?.actors ?? []) state.actors.set(row.actorId, Object.freeze(row));
  for (const row of lists?.parts ?? []) state.parts.set(row.actorId, (state.parts.get(row.actorId) ?? new Map<string, ActorPartRecord>()).set(row.part, Object.freeze(row)));
  for (const row of lists?.journal ?? []) state.journals.set(row.actorId, (state.journals.get(row.actorId) ?? new Map<number, ActorJournalRecord>()).set(row.seq, Object.freeze(row)));
  return state;
}
