import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import type { Carrier } from '../../src/owner/carrier.ts';
import { connectSocket, SocketCarrier } from '../../src/owner/socket-carrier.ts';
import type { ClientSessions } from '../../src/owner/client-sessions.ts';

/** A carrier as the suite opens it. */
export interface OpenedCarrier {
  /** A client's end of a new connection. */
  connect(): Promise<Carrier>;
  /** Writes something that is no message; left out: nothing but messages can be sent. */
  readonly writeRaw?: (text: string) => Promise<{ readonly said: () => string; readonly ended: Promise<unknown> }>;
  /** Messages longer than this many characters are refused; undefined: their length does not matter. */
  readonly maxLength?: number;
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
};
