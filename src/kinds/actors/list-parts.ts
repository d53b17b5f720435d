import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { ActorPartRecord, ActorReader } from '../../../persistence/actor-store.ts';

type PartsReader = Pick<ActorReader, 'listActorParts'>;

/** Parts read in one go. */
const pageSize = 500;

/** All parts of a tree. */
export function listParts(actors: PartsReader, actorId: string): Answer<ActorPartRecord[]> {
  const parts: ActorPartRecord[] = [];
  const next = (after: string): Answer<ActorPartRecord[]> =>
    chain(actors.listActorParts(actorId, after, pageSize), page => {
      for (const part of page) parts.push(part);
      const last = page.at(-1);
      return page.length < pageSize || !last ? parts : next(last.part);
    });
  return next('');
}
