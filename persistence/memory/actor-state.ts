import type { ActorJournalRecord, ActorRecord } from '../actor-store.ts';

/** Actors by id, and of each the rows of its journal by their last number. */
export interface ActorState {
  readonly actors: Map<string, ActorRecord>;
  readonly journals: Map<string, Map<number, ActorJournalRecord>>;
}

export const createActorState = (): ActorState => ({ actors: new Map(), journals: new Map() });

export const copyActorState = ({ actors, journals }: ActorState): ActorState => ({
  actors: new Map(actors),
  journals: new Map(Array.from(journals, ([id, rows]) => [id, new Map(rows)])),
});

export interface ActorLists {
  readonly actors: readonly ActorRecord[];
  readonly journal: readonly ActorJournalRecord[];
}

export const toActorLists = ({ actors, journals }: ActorState): ActorLists => ({ actors: [...actors.values()], journal: [...journals.values()].flatMap(rows => [...rows.values()]) });

export function fromActorLists(lists: ActorLists | undefined): ActorState {
  const state = createActorState();
  for (const row of lists?.actors ?? []) state.actors.set(row.actorId, Object.freeze(row));
  for (const row of lists?.journal ?? []) state.journals.set(row.actorId, (state.journals.get(row.actorId) ?? new Map<number, ActorJournalRecord>()).set(row.seq, Object.freeze(row)));
  return state;
}
