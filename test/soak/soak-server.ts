/*
 * Runs flows and serves them until it is killed: node soak-server.ts DATABASE PORT STEP_MS. For each line that it reads it writes what it
 * has used so far.
 */
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createRuntime, defineTool } from 'flowstone';
import { createServer } from 'flowstone/server';
import { openSqliteStore } from 'flowstone/sqlite';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { chain, token } from './chain.ts';

const [file = '', port = '0', stepMs = '20'] = process.argv.slice(2);
const tick = defineTool({ name: 'tick', run: () => new Promise<{ ok: true }>(resolve => void setTimeout(() => resolve({ ok: true }), Number(stepMs))) });
const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }), flows: [chain], tools: [tick], maxActiveFlows: 20_000, maxInterruptions: 1_000, isolation: false, listen: false, sizeBudgetBytes: 64 * 1_024 ** 3,
});

/** What it would be without a feed: the transitions of one execution, read for each client by itself. */
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const follow = (socket: WebSocket): void => void socket.on('message', data => void (async () => {
  for await (const update of runtime.transitions((data as Buffer).toString())) socket.send(JSON.stringify({ type: 'commit', entries: [update] }));
})().catch(() => {}));
const server = createServer(runtime, {
  auth: { token }, requestsPerSecond: 1_000_000,
  parts: [() => ({ upgrades: [{ path: '/naive', handle: (request, socket, head) => sockets.handleUpgrade(request, socket, head, follow) }] })],
});

/** Bytes that wait for one client within this process, at most so far. */
let mostUnsent = 0;
setInterval(() => {
  // Node.js has no other way to see what waits in its sockets.
  // oxlint-disable-next-line no-underscore-dangle
  const handles = (process as unknown as { _getActiveHandles(): readonly Socket[] })._getActiveHandles();
  for (const { writableLength } of handles) if (writableLength > mostUnsent) mostUnsent = writableLength;
}, 200).unref();

createInterface({ input: process.stdin }).on('line', () => {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss(), mostUnsent }));
});
console.log((await server.listen({ port: Number(port) })).url);
