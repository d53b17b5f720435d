import type { ActorMachineRecord, ActorReader, ActorRecord } from '../../../persistence/actor-store.ts';
import { readStored } from '../../core/stored-value.ts';
import type { OpenEffect } from './actor-commands.ts';
import type { FrozenHead, FrozenTree } from './frozen-tree.ts';
import { assembleTree } from './frozen-tree.ts';
import { listPartsAtOnce } from './list-parts.ts';
import type { MachineBook } from './machine-book.ts';

/** A tree as its rows have it. */
export interface StoredTree {
  readonly frozen: FrozenTree;
  readonly open: readonly OpenEffect[];
  /** It is not as its rows are: they are of an older form, or of a machine that was another. */
  readonly isChanged: boolean;
  /** Names of its rows. */
  readonly parts: ReadonlySet<string>;
}

/** Reads the tree of an actor, of a store that answers at once. @throws what it cannot be gone on with here */
export function readStoredTree(actors: ActorReader, book: MachineBook, record: ActorRecord): StoredTree {
  const head = readStored<FrozenHead & { readonly open?: readonly OpenEffect[] }>('actors.tree', record.actorId, record.tree);
  const parts = head.parts > 0 ? listPartsAtOnce(actors, record.actorId) : [];
  const { frozen, isNested } = assembleTree(record.actorId, head, parts);
  const upgraded = book.upgrade(record, frozen, digest => (actors.getActorMachine(digest) as ActorMachineRecord | undefined)?.structure);
  return { frozen: upgraded, open: head.open ?? [], isChanged: isNested || upgraded !== frozen, parts: new Set(parts.map(({ part }) => part)) };
}
