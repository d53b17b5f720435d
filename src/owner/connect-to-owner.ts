import { systemClock } from '../core/clock.ts';
import type { ConnectionOptions } from './owner-connection.ts';
import { OwnerConnection } from './owner-connection.ts';
import { connectSocket } from './socket-carrier.ts';

/**
 * Connects once to the process that owns a database, at the `socket` its owner record names.
 *
 * @throws a `FlowError` with code `owner_unreachable`; nothing was asked then. Also what `OwnerConnection.open` throws
 */
export async function connectToOwner(address: string, options: ConnectionOptions = {}): Promise<OwnerConnection> {
  const { clock = systemClock, timeoutMs = 10_000 } = options;
  return OwnerConnection.open(await connectSocket(address, clock, timeoutMs), options);
}
