import type { IncomingMessage, Server as NodeServer } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';

export interface ListenOptions {
  /** 0: any that is free. Default 4600. */
  readonly port?: number;
  /** Default `127.0.0.1`. Another than a loopback address is refused while anything may be done without a token. */
  readonly host?: string;
}

export interface Listening {
  /** As `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more connections, and waits for the answers that are under way; after `timeoutMs`, default 5,000, it cuts them off. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export interface Listened {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly clock: Clock;
}

const defaultPort = 4_600;
const defaultCloseMs = 5_000;

/**
 * Listens on a port of Node.js.
 *
 * @throws a `FlowError` with code `port_taken` or `option_invalid`
 */
export async function listen({ port = defaultPort, host = '127.0.0.1' }: ListenOptions, { fetch, upgrade, clock }: Listened): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: 5_000 }, getRequestListener(fetch, { overrideGlobalObjects: false }));
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Node.js has given it away: the server's own `close` does not know it any more.
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head);
  });
  server.on('clientError', (_error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  await begin(server, port, host);
  const address = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close: ({ timeoutMs = defaultCloseMs } = {}) => (closing ??= close(server, sockets, clock, timeoutMs)),
  };
}

function begin(server: NodeServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new FlowError('port_taken', `Expected port ${port} of ${host} to be free, another program listens there. Stop it, or take another port`));
      else reject(new FlowError('option_invalid', `Expected \`host\` and \`port\` to be an address of this machine, got ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

function close(server: NodeServer, sockets: ReadonlySet<Duplex>, clock: Clock, timeoutMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.setTimer(() => {
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    }, timeoutMs);
    server.close(() => {
      clock.clearTimer(timer);
      for (const socket of sockets) socket.destroy();
      resolve();
    });
    server.closeIdleConnections();
  });
}
