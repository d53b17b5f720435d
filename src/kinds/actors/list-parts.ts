import type { ActorPartRecord, ActorReader } from '../../../persistence/actor-store.ts';

type PartsReader = Pick<ActorReader, 'listActorParts'>;

/** Parts read in one go. */
const pageSize = 500;

/** All parts of a tree. */
export async function listParts(actors: PartsReader, actorId: string): Promise<ActorPartRecord[]> {
  const parts: ActorPartRecord[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: ActorPartRecord[] = await actors.listActorParts(actorId, after, pageSize);
    after = addPage(parts, page);
  }
  return parts;
}

/** As `listParts`, of a store that answers at once. */
export function listPartsAtOnce(actors: PartsReader, actorId: string): ActorPartRecord[] {
  const parts: ActorPartRecord[] = [];
  for (let after: string | undefined = ''; after !== undefined; ) after = addPage(parts, actors.listActorParts(actorId, after, pageSize) as ActorPartRecord[]);
  return parts;
}

/** Where the next page begins; undefined: there is none. */
function addPage(parts: ActorPartRecord[], page: readonly ActorPartRecord[]): string | undefined {
  for (const part of page) parts.push(part);
  return page.length < pageSize ? undefined : page.at(-1)?.part;
}
