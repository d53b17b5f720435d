import type { Logger } from '../core/logger.ts';
import { createBrokerAddress } from './broker-address.ts';
import type { BrokerOptions } from './broker-server.ts';
import { BrokerServer } from './broker-server.ts';

/**
 * Where a runtime will take requests of other processes; undefined: nowhere.
 *
 * @param listen `true`: what is in the way is thrown; undefined: it is a warning, and the runtime does without
 */
export function chooseBrokerAddress(location: string, listen: boolean | undefined, logger: Logger): string | undefined {
  if (listen === false) return undefined;
  try {
    return createBrokerAddress(location);
  } catch (error) {
    if (listen) throw error;
    logger.warn({ err: error }, 'other processes cannot signal or cancel: no place for a socket');
    return undefined;
  }
}

/** Begins to listen; undefined when that failed and was not asked for. */
export async function openBroker(listen: boolean | undefined, options: BrokerOptions): Promise<BrokerServer | undefined> {
  try {
    return await BrokerServer.listen(options);
  } catch (error) {
    if (listen) throw error;
    options.logger.warn({ err: error, address: options.address }, 'other processes cannot signal or cancel: the socket could not be made');
    return undefined;
  }
}
