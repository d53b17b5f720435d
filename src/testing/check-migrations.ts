import type { ActorCheck, StoredActor } from '../kinds/actors/check-actors.ts';
import { checkActors } from '../kinds/actors/check-actors.ts';
import type { HostedMachine } from '../kinds/actors/machine-book.ts';
import type { MachineLike } from '../kinds/actors/machine-like.ts';

export interface MigrationCheckOptions {
  /** As given to `createRuntime`: machines, each with its migrations; those of children, too, when they have any. */
  readonly machines: readonly (MachineLike | HostedMachine)[];
  /** What `readStoredActors` gave, from a list or out of a file. */
  readonly snapshots: Iterable<StoredActor>;
}

export interface MigrationReport {
  readonly checked: readonly ActorCheck[];
  /** Those of `checked` that could not go on, with the reason. */
  readonly refused: readonly ActorCheck[];
}

/**
 * Tries machines and their migrations on stored actors.
 *
 * Every migration is run, on a copy; the actors are then restored as a runtime does it. Actions, promises and timers are left alone.
 *
 * @example `expect(checkMigrations({ machines: [{ machine, migrations }], snapshots }).refused).toEqual([])`
 * @throws a `FlowError` with code `option_invalid` or `xstate_unsupported` for what is no machine
 */
export function checkMigrations({ machines, snapshots }: MigrationCheckOptions): MigrationReport {
  const checked = checkActors(machines, snapshots);
  return { checked, refused: checked.filter(({ verdict }) => verdict === 'refused') };
}
