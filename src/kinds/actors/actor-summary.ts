import type { ActorRecord } from '../../../persistence/actor-store.ts';
import type { ActorSummary } from './machine-api.ts';
import { readStored, tryStored } from '../../core/stored-value.ts';

/** What a listing shows of a stored actor. */
export function toActorSummary(record: ActorRecord): ActorSummary {
  const { actorId, machineId, machineVersion, status, wakeAt, createdAt, settledAt, tree } = record;
  const read = tryStored(() => readStored<{ readonly root: { readonly snapshot: { readonly value?: unknown } } }>('actors.tree', actorId, tree).root.snapshot.value);
  return { id: actorId, machineId, machineVersion, status, value: 'value' in read ? read.value : null, wakeAt, createdAt, settledAt, ...('damage' in read && { blockedBy: read.damage }) };
}
