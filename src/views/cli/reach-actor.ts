import type { OwnerRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import type { DatabaseClient } from './database-client.ts';

export interface ReachedActor {
  readonly owner: OwnerRecord;
  readonly answer: boolean;
}

/**
 * Does something to an actor, through the process that owns the database: its machine is code, which only that process has.
 *
 * @throws a `FlowError` with code `actor_owner_missing` when nobody owns it; nothing has happened then
 */
export async function reachActor(client: DatabaseClient, address: string, work: (client: RuntimeClient) => Promise<boolean>): Promise<ReachedActor> {
  const { owner, answer } = await client.reach(work, () => {
    throw new FlowError('actor_owner_missing', `Expected a process that works on ${client.database}, found none: the machine of \`${address}\` is code, and takes events where that runs. Start the program that spawns it, then do this again`);
  });
  return { owner: owner as OwnerRecord, answer };
}
