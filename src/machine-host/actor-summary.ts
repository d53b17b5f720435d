import type { ActorRecord } from '../../persistence/actor-store.ts';
import type { ActorSummary } from './machine-api.ts';

/** What a listing shows of a stored actor. */
export function toActorSummary(record: ActorRecord): ActorSummary {
  const { actorId, machineId, machineVersion, status, wakeAt, createdAt, settledAt, tree } = record;
  const { root } = JSON.parse(tree) as { readonly root: { readonly snapshot: { readonly value?: unknown } } };
  return { id: actorId, machineId, machineVersion, status, value: root.snapshot.value, wakeAt, createdAt, settledAt };
}
