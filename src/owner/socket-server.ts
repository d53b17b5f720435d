import { chmodSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import type { Logger } from '../core/logger.ts';
import type { ClientSessions } from './client-sessions.ts';
import { createOwnerAddress, removeStaleSockets } from './owner-address.ts';
import { SocketCarrier } from './socket-carrier.ts';

export interface ListenOptions {
  /** Path of the socket, or name of the pipe. */
  readonly address: string;
  readonly sessions: ClientSessions;
  readonly logger: Logger;
  /** Longest message that is taken, characters. */
  readonly maxLength: number;
}

/** Lets other processes of this user reach the owner of a database, over a local socket. */
export class SocketServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws the system's error when the socket cannot be made */
  static async listen({ address, sessions, logger, maxLength }: ListenOptions): Promise<SocketServer> {
    removeStaleSockets(address);
    const server = createServer(socket => sessions.accept(new SocketCarrier(socket, address, maxLength)));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    // What reaches a listening server is about one connection; the others go on.
    server.on('error', error => logger.warn({ err: error }, 'a connection of another process could not be taken'));
    if (process.platform !== 'win32') chmodSync(address, 0o600);
    return new SocketServer(server);
  }

  /** Takes no new connections; the socket is gone from the disk when this returns. */
  stopListening(): void {
    this.#server.close();
  }
}

/**
 * Where a runtime will let other processes in; undefined: nowhere.
 *
 * @param listen `true`: what is in the way is thrown; undefined: it is a warning, and the runtime does without
 */
export function chooseOwnerAddress(location: string, listen: boolean | undefined, logger: Logger): string | undefined {
  if (listen === false) return undefined;
  try {
    return createOwnerAddress(location);
  } catch (error) {
    if (listen) throw error;
    logger.warn({ err: error }, 'other processes cannot reach this one: no place for a socket');
    return undefined;
  }
}

/** Begins to listen; undefined when that failed and was not asked for. */
export async function openSocketServer(listen: boolean | undefined, options: ListenOptions): Promise<SocketServer | undefined> {
  try {
    return await SocketServer.listen(options);
  } catch (error) {
    if (listen) throw error;
    options.logger.warn({ err: error, address: options.address }, 'other processes cannot reach this one: the socket could not be made');
    return undefined;
  }
}
