import type { OwnerRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { tellOwner } from './reach-execution.ts';
import type { OwnerConnection } from '../../owner/broker-client.ts';

export interface ReachedActor {
  readonly owner: OwnerRecord;
  readonly answer: boolean;
}

/**
 * Does something to an actor, through the process that owns the database: its machine is code, which only that process has.
 *
 * @throws a `FlowError` with code `actor_owner_missing` when nobody owns it; nothing has happened then
 */
export async function reachActor(reader: RecordReader, address: string, database: string, work: (connection: OwnerConnection) => Promise<boolean>): Promise<ReachedActor> {
  const owner = await reader.getOwner();
  if (!owner) {
    throw new FlowError('actor_owner_missing', `Expected a process that works on ${database}, found none: the machine of \`${address}\` is code, and takes events where that runs. Start the program that spawns it, then do this again`);
  }
  return { owner, answer: await tellOwner(owner, work) };
}
