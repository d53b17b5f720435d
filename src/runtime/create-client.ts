import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import { createExecutionId, systemRandom } from '../core/ids.ts';
import type { KeysOf } from '../core/known-keys.ts';
import { requireKnownKeys } from '../core/known-keys.ts';
import { silentLogger } from '../core/logger.ts';
import { describeValue } from '../core/wording.ts';
import type { Carrier } from '../owner/carrier.ts';
import { ReconnectingClient } from '../owner/reconnecting-client.ts';
import { connectSocket } from '../owner/socket-carrier.ts';
import type { Runtime } from './api.ts';
import type { RuntimeClient } from './client-api.ts';
import type { ClientWaits } from './client-waits.ts';
import { clientWaitKeys, resolveClientWaits } from './client-waits.ts';
import { ConnectedClient } from './runtime-client.ts';
import { getSessions } from './sessions-of.ts';

export interface CreateClientOptions extends ClientWaits {
  /** Opens the store for reading, to find its owner. */
  readonly read: () => AnyReader;
}

const clientKeys: KeysOf<CreateClientOptions> = { read: true, ...clientWaitKeys };

/**
 * Connects to the process that owns a store, as its reader names it.
 *
 * @throws a `FlowError` with code `owner_unreachable`
 */
export async function connectThrough(read: () => AnyReader, clock: Clock, timeoutMs: number): Promise<Carrier> {
  const reader = openReader(read());
  try {
    const owner = await reader.getOwner();
    if (owner?.socket) return await connectSocket(owner.socket, clock, timeoutMs);
    throw new FlowError('owner_unreachable', 'Expected an owner of the store that other processes can reach, found none. It may have just stopped, or does not listen');
  } finally {
    await reader.close();
  }
}

/** The name under which a client's claims are kept, whoever owns the queues. */
export const createClientName = (now: number): string => `guest:${process.pid}-${createExecutionId(now)}`;

/**
 * Makes a client of a runtime of this process, or of whichever process owns a store: the same calls, wherever it is.
 *
 * @example
 * ```ts
 * import { createClient } from 'flowstone';
 * import { openSqliteReader } from 'flowstone/sqlite';
 *
 * const client = createClient({ read: () => openSqliteReader({ file: 'app.db' }) });
 * const { executionId } = await client.start('hello', { input: { name: 'Ada' } });
 * const { score } = await client.settled(executionId);
 * client.close();
 * ```
 *
 * @throws a `FlowError` with code `option_invalid`
 */
export function createClient(options: Runtime | CreateClientOptions): RuntimeClient {
  const clock = systemClock;
  if (typeof options !== 'object' || options === null || (!('read' in options) && !('start' in options))) {
    throw new FlowError('option_invalid', `Expected \`createClient\` to be given a runtime, or \`read\`, a function that opens the store for reading, got ${describeValue(options)}`);
  }
  if ('start' in options) {
    const sessions = getSessions(options);
    const local = new ReconnectingClient({ open: async () => sessions.connect(), clock, random: systemRandom, logger: silentLogger, connection: { clock } });
    return new ConnectedClient(local, clock, createClientName(clock.now()));
  }
  const { read, ...waits } = requireKnownKeys(options, clientKeys, '`createClient`');
  const { timeoutMs, connectTimeoutMs, logger } = resolveClientWaits(waits);
  if (typeof read !== 'function') throw new FlowError('option_invalid', `Expected \`read\` of \`createClient\` to be a function that opens the store, got ${describeValue(read)}`);
  const client = new ReconnectingClient({
    open: () => connectThrough(read, clock, connectTimeoutMs),
    clock, logger, random: systemRandom, connection: { clock, timeoutMs: connectTimeoutMs }, timeoutMs,
  });
  return new ConnectedClient(client, clock, createClientName(clock.now()));
}
