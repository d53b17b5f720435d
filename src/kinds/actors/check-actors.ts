import type { ActorPartRecord, ActorRecord } from '../../../persistence/actor-store.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { codecMark } from './value-marks.ts';
import { readMachineName } from './actor-sources.ts';
import type { FrozenHead } from './frozen-tree.ts';
import { assembleTree } from './frozen-tree.ts';
import { listParts } from './list-parts.ts';
import type { HostedMachine } from './machine-book.ts';
import { MachineBook } from './machine-book.ts';
import type { MachineLike } from './machine-like.ts';
import { restoreTree } from './restore-tree.ts';
import { readStored } from '../../core/stored-value.ts';

/** A stored actor with all that is known of it: plain JSON, to be kept as a fixture. */
export interface StoredActor {
  readonly record: ActorRecord;
  readonly parts: readonly ActorPartRecord[];
  /** What its machine was, as JSON text; null: stored by 0.2.0, which did not keep it. */
  readonly structure: string | null;
  /** What machines were that it has spawned by value, by digest. */
  readonly spawned?: Readonly<Record<string, string>>;
}

/** Whether a stored actor could go on. */
export interface ActorCheck {
  readonly actorId: string;
  readonly machineId: string;
  /** Of the machine it was stored with. */
  readonly machineVersion: string;
  /** `same`: its machine has not changed. `fits`: it has, in what does not concern this actor. `migrated`: a migration leads on. `refused`: see `message`. */
  readonly verdict: 'same' | 'fits' | 'migrated' | 'refused';
  /** Of the error it would be refused with, if that has one. */
  readonly code: string | null;
  readonly message: string | null;
}

export interface StoredActorFilter {
  /** Default: `active`, those that have something to go on with. */
  readonly status?: ActorRecord['status'];
  readonly machineId?: string;
}

/** Rows read in one go. */
const pageSize = 500;

/** Reads stored actors, by id, from a store or a reader; from a database of 0.2.0, too. */
export async function* readStoredActors({ actors }: RecordReader, { status = 'active', machineId }: StoredActorFilter = {}): AsyncGenerator<StoredActor> {
  if (!actors) return;
  const structures = new Map<string, string | null>();
  const toStructure = async (digest: string): Promise<string | null> => {
    let structure = structures.get(digest);
    if (structure === undefined) structures.set(digest, (structure = await readStructure(actors, digest)));
    return structure;
  };
  for (let after: string | undefined; ; ) {
    const page = await actors.listActors({ status, limit: pageSize, ...(machineId !== undefined && { machineId }), ...(after !== undefined && { after }) });
    for (const record of page) {
      const parts = hasParts(record) ? await listParts(actors, record.actorId) : [];
      const spawned: Record<string, string> = {};
      for (const { part, body } of parts) {
        const { src = '' } = readStored<{ readonly src?: string }>('actor_parts.body', `${record.actorId}/${part}`, body);
        const { digest } = readMachineName(src) ?? {};
        const structure = digest === undefined ? null : await toStructure(digest);
        if (digest !== undefined && structure !== null) spawned[digest] = structure;
      }
      yield { record, parts, structure: await toStructure(record.machineDigest), ...(Object.keys(spawned).length > 0 && { spawned }) };
    }
    if (page.length < pageSize) return;
    after = page.at(-1)?.actorId;
  }
}

type Reader = NonNullable<RecordReader['actors']>;

async function readStructure(actors: Reader, digest: string): Promise<string | null> {
  try {
    return (await actors.getActorMachine(digest))?.structure ?? null;
  } catch (error) {
    // A file that was not brought up to date has no such table.
    if ((error as { code?: unknown }).code === 'store_read_failed') return null;
    throw error;
  }
}

/** A file of 0.2.0 that was not brought up to date has none, and no table of them. */
const hasParts = ({ actorId, tree }: ActorRecord): boolean => (readStored<Partial<FrozenHead>>('actors.tree', actorId, tree).parts ?? 0) > 0;

/** Finds out which stored actors could go on with these machines, and why the others could not. Runs nothing of them but migrations. */
export function checkActors(machines: readonly (MachineLike | HostedMachine)[], snapshots: Iterable<StoredActor>): ActorCheck[] {
  const book = new MachineBook(machines);
  return Array.from(snapshots, stored => checkOne(book, stored));
}

function checkOne(book: MachineBook, { record, parts, structure, spawned = {} }: StoredActor): ActorCheck {
  const { actorId, machineId, machineVersion } = record;
  const found = { actorId, machineId, machineVersion, code: null, message: null };
  try {
    const { digest, machine } = book.require(record);
    const head = withoutCodecs(record.tree) as FrozenHead;
    const { frozen } = assembleTree(actorId, head, parts.map(({ part, body }) => ({ part, body: JSON.stringify(withoutCodecs(body)) })));
    const upgraded = book.upgrade(record, frozen, of => (of === record.machineDigest ? structure : spawned[of]) ?? undefined);
    const stored = new Set(frozen.below);
    const isMoved = upgraded.root !== frozen.root || upgraded.below.some(actor => !stored.has(actor));
    restoreTree({ rootId: actorId, logic: machine, frozen: structuredClone(upgraded), outside: () => {}, codecs: [], sources: book, handles: { toAddress: () => undefined, toHandle: address => ({ id: address, sessionId: address }) } });
    return { ...found, verdict: isMoved ? 'migrated' : record.machineDigest === digest ? 'same' : 'fits' };
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: string };
    return { ...found, verdict: 'refused', code: typeof code === 'string' ? code : null, message: message ?? String(error) };
  }
}

/** What a codec carries says nothing of the machine; the codec need not be here. */
const withoutCodecs = (text: string): unknown => JSON.parse(text, (_, value: unknown) => (typeof value === 'object' && value !== null && codecMark in value ? null : value));
