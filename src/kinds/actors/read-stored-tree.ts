import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { ActorReader, ActorRecord } from '../../../persistence/actor-store.ts';
import { readStored } from '../../core/stored-value.ts';
import type { OpenEffect } from './actor-commands.ts';
import type { FrozenHead, FrozenTree } from './frozen-tree.ts';
import { assembleTree } from './frozen-tree.ts';
import { listParts } from './list-parts.ts';
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

/** Reads the tree of an actor. @throws what it cannot be gone on with here */
export function readStoredTree(actors: ActorReader, book: MachineBook, record: ActorRecord): Answer<StoredTree> {
  const head = readStored<FrozenHead & { readonly open?: readonly OpenEffect[] }>('actors.tree', record.actorId, record.tree);
  return chain(head.parts > 0 ? listParts(actors, record.actorId) : [], parts => {
    const { frozen, isNested } = assembleTree(record.actorId, head, parts);
    return chain(readStructures(actors, book.listFormer(record, frozen)), structures => {
      const upgraded = book.upgrade(record, frozen, digest => structures.get(digest));
      return { frozen: upgraded, open: head.open ?? [], isChanged: isNested || upgraded !== frozen, parts: new Set(parts.map(({ part }) => part)) };
    });
  });
}

function readStructures(actors: ActorReader, digests: readonly string[]): Answer<ReadonlyMap<string, string>> {
  const structures = new Map<string, string>();
  let answer: Answer<void> = undefined;
  for (const digest of digests) answer = chain(answer, () => chain(actors.getActorMachine(digest), row => void (row && structures.set(digest, row.structure))));
  return chain(answer, () => structures);
}
