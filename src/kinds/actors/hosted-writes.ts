import type { ActorMachineRecord, ActorRecord, ActorWrites } from '../../../persistence/actor-store.ts';
import type { HostedActor, HostedRows } from './hosted-actor.ts';

/** What a commit writes of trees that have changed. */
export function toWrites(changed: readonly HostedRows[], unread: readonly ActorRecord[]): ActorWrites {
  return {
    put: [...changed.flatMap(({ row, isProgress }) => (isProgress ? [] : row)), ...unread],
    progress: changed.flatMap(({ row, isProgress }) => (isProgress ? row : [])),
    journal: changed.flatMap(({ journal }) => journal ?? []),
    parts: changed.flatMap(({ row: { actorId }, put }) => put.map(part => ({ actorId, ...part }))),
    removedParts: changed.flatMap(({ row: { actorId }, removed }) => removed.map(part => ({ actorId, part }))),
  };
}

/** Machines whose structure this process has not stored yet; `kept` has the digests of the others, and then of these. */
export function listNewMachines(actors: readonly HostedActor[], kept: Set<string>): ActorMachineRecord[] {
  const machines: ActorMachineRecord[] = [];
  for (const { known } of actors) {
    if (kept.has(known.digest)) continue;
    kept.add(known.digest);
    machines.push(known.row);
  }
  return machines;
}
