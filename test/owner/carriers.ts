import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createHttpServer } from 'node:http';
import { WebSocket as NodeSocket, WebSocketServer } from 'ws';
import { connectWebSocket } from '../../src/client/web-socket-carrier.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Carrier } from '../../src/owner/carrier.ts';
import { connectSocket, SocketCarrier } from '../../src/owner/socket-carrier.ts';
import type { ClientSessions } from '../../src/owner/client-sessions.ts';
import { ServerSocketCarrier } from '../../src/server/live/server-socket-carrier.ts';
import { portCarriers } from './port-carriers.ts';

/** A carrier as the suite opens it. */
export interface OpenedCarrier {
  /** A client's end of a new connection. */
  connect(): Promise<Carrier>;
  /** Writes something that is no message; left out: nothing but messages can be sent. */
  readonly writeRaw?: (text: string) => Promise<{ readonly said: () => string; readonly ended: Promise<unknown> }>;
  /** Messages longer than this many characters are refused; undefined: their length does not matter. */
  readonly maxLength?: number;
  /** A client's end takes what comes also while it is paused, as a browser's does. */
  readonly cannotPause?: true;
  close(): Promise<void>;
}

/** Every carrier there is, by name: one more is a line here. */
export const carriers: { readonly [name: string]: (sessions: ClientSessions, maxLength: number) => Promise<OpenedCarrier> } = {
  'within a process': async sessions => ({ connect: async () => sessions.connect(), close: async () => {} }),

  'a local socket': async (sessions, maxLength) => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-carrier-'));
    const address = join(folder, 'owner.sock');
    const server = createServer(socket => sessions.accept(new SocketCarrier(socket, address, maxLength))).listen(address);
    await once(server, 'listening');
    return {
      maxLength,
      connect: () => connectSocket(address, systemClock, 5_000),
      async writeRaw(text) {
        const socket = connect(address).setEncoding('utf8');
        let said = '';
        socket.on('data', (more: string) => (said += more)).on('error', () => {});
        socket.write(text);
        return { said: () => said, ended: once(socket, 'close') };
      },
      async close() {
        await new Promise(resolve => server.close(resolve));
        rmSync(folder, { recursive: true });
      },
    };
  },

  'a WebSocket of a browser': async (sessions, maxLength) => {
    const { url, close } = await listen(sessions, maxLength);
    return { maxLength, cannotPause: true, close, writeRaw: text => writeRaw(url, text), connect: () => connectWebSocket(url, systemClock, 5_000) };
  },

  'a WebSocket between two processes of Node.js': async (sessions, maxLength) => {
    const { url, close } = await listen(sessions, maxLength);
    return {
      maxLength, close, writeRaw: text => writeRaw(url, text),
      async connect() {
        const socket = new NodeSocket(url, { perMessageDeflate: false });
        // Made before anything can come.
        const carrier = new Promise<Carrier>(resolve => void socket.once('upgrade', ({ socket: below }) => resolve(new ServerSocketCarrier(socket, below, { address: url, maxLength: 1_000_000, clock: systemClock }))));
        await once(socket, 'open');
        return carrier;
      },
    };
  },
  ...portCarriers,
};

/** An owner's end that takes WebSockets. */
async function listen(sessions: ClientSessions, maxLength: number): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createHttpServer().listen(0, '127.0.0.1').on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, socket => sessions.accept(new ServerSocketCarrier(socket, stream, { address: 'a server', maxLength, clock: systemClock })));
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Each line of the text goes as a frame of its own; what comes back is joined as lines. */
async function writeRaw(url: string, text: string): Promise<{ readonly said: () => string; readonly ended: Promise<unknown> }> {
  const socket = new NodeSocket(url, { perMessageDeflate: false });
  const said: string[] = [];
  socket.on('message', data => said.push((data as Buffer).toString('utf8'))).on('error', () => {});
  const ended = once(socket, 'close');
  await once(socket, 'open');
  for (const line of text.split('\n').filter(one => one !== '')) socket.send(line);
  return { said: () => said.join('\n'), ended };
}
