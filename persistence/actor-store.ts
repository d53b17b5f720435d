import type { Answer } from './answer.ts';

/** A hosted machine of somebody's own, with all actors below it. */
export interface ActorRecord {
  /** The address of its root: what `spawn` was given as `id`. */
  readonly actorId: string;
  readonly machineId: string;
  readonly machineVersion: string;
  /** Of the machine's structure; what it was stored with is what it is restored with. */
  readonly machineDigest: string;
  /** XState's own words. */
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** 0: something of it runs. Above: the earliest due time of its delayed events, epoch ms. Null: only an event can wake it. */
  readonly wakeAt: number | null;
  /** Its root with its snapshot, and the effects that are still to be done: JSON text. What is below it are parts. */
  readonly tree: string;
  /** The number of its last transition. */
  readonly seq: number;
  readonly createdAt: number;
  /** Set exactly when the status is not `active`. */
  readonly settledAt: number | null;
}

/** One actor below a root, or one delayed event of its tree. */
export interface ActorPartRecord {
  readonly actorId: string;
  /** Unique in its tree. */
  readonly part: string;
  /** JSON text. */
  readonly body: string;
}

/** A machine as actors were stored with it. */
export interface ActorMachineRecord {
  readonly machineDigest: string;
  readonly machineId: string;
  readonly machineVersion: string;
  /** Its states and what leads from one to the other, with the machines of its children: JSON text. */
  readonly structure: string;
}

/** What one actor's tree took in one commit. */
export interface ActorJournalRecord {
  readonly actorId: string;
  /** The number of the last transition in `entries`. */
  readonly seq: number;
  readonly at: number;
  /** JSON text: a list of `[transition, address, event]`. */
  readonly entries: string;
}

export interface ListActorsParams {
  readonly status?: ActorRecord['status'];
  readonly machineId?: string;
  readonly limit: number;
  /** Continue above this id. */
  readonly after?: string;
}

export interface DueActor {
  readonly actorId: string;
  readonly wakeAt: number;
}

export interface ActorReader {
  getActor(actorId: string): Answer<ActorRecord | undefined>;
  /** By id. */
  listActors(params: ListActorsParams): Answer<ActorRecord[]>;
  /** By name, continuing above `after`. */
  listActorParts(actorId: string, after: string, limit: number): Answer<ActorPartRecord[]>;
  getActorMachine(machineDigest: string): Answer<ActorMachineRecord | undefined>;
  /** By `wakeAt`, then id: those that come after this one, up to a time. `{ wakeAt: 0, actorId: '' }` is before all. */
  listDueActors(after: DueActor, until: number, limit: number): Answer<DueActor[]>;
  /** The earliest `wakeAt` above `after`. */
  nextActorWakeAt(after: number): Answer<number | undefined>;
  /** Rows with transitions after this number, in order. */
  readActorJournal(actorId: string, after: number, limit: number): Answer<ActorJournalRecord[]>;
  /** Ids of those settled before this time. */
  listSettledActors(before: number, limit: number): Answer<string[]>;
}

/** What one commit changes. */
export interface ActorWrites {
  /** Inserted, or replaced by `actorId`. A settled one is never replaced: that fails the commit. */
  readonly put?: readonly ActorRecord[];
  /** As `put`, of stored actors of which nothing but `tree` and `seq` has changed. */
  readonly progress?: readonly Pick<ActorRecord, 'actorId' | 'tree' | 'seq'>[];
  readonly journal?: readonly ActorJournalRecord[];
  /** Inserted; one that is there by its digest stays as it is. */
  readonly machines?: readonly ActorMachineRecord[];
  /** Inserted, or replaced by name. */
  readonly parts?: readonly ActorPartRecord[];
  readonly removedParts?: readonly Pick<ActorPartRecord, 'actorId' | 'part'>[];
  /** Ids of actors that go, with their parts and journals. */
  readonly removed?: readonly string[];
  /** When they go; epoch ms. */
  readonly removedAt?: number;
}
