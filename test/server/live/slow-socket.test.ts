import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { SimulatedClock } from '../../../src/core/clock.ts';
import { ReadyMessage } from '../../../src/owner/carrier.ts';
import { ServerSocketCarrier } from '../../../src/server/live/server-socket-carrier.ts';

/** A connection whose other end takes nothing until it is told to. */
class StuckStream extends Duplex {
  written: Buffer[] = [];
  isStuck = true;
  #go: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    if (this.isStuck) this.#go = done;
    else done();
  }

  release(): void {
    this.isStuck = false;
    this.#go?.();
    this.#go = undefined;
  }
}

it('closes with 4408 who takes nothing for 30 seconds, and not who takes it in time', async () => {
  const stream = new StuckStream();
  stream.isStuck = false;
  const clock = new SimulatedClock();
  const headers = { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' };
  const carrier = await new Promise<ServerSocketCarrier>(resolve => {
    new WebSocketServer({ noServer: true, perMessageDeflate: false }).handleUpgrade({ method: 'GET', headers } as unknown as IncomingMessage, stream, Buffer.alloc(0), socket =>
      resolve(new ServerSocketCarrier(socket, stream, { address: 'a client', maxLength: 1_000, clock })));
  });
  const heard: unknown[] = [];
  carrier.begin({ take: () => {}, refuse: () => {}, drained: () => heard.push('drained'), closed: cause => heard.push((cause as { readonly code?: string } | undefined)?.code) });
  const message = new ReadyMessage('x'.repeat(2 * 1_024 * 1_024));

  stream.isStuck = true;
  carrier.send(message);
  expect(carrier.isFull).toBe(true);
  clock.advance(29_999);
  stream.release();
  await new Promise(setImmediate);
  expect([carrier.isFull, heard]).toEqual([false, ['drained']]);
  clock.advance(60_000);
  expect(heard).toEqual(['drained']);

  stream.isStuck = true;
  stream.written = [];
  carrier.send(message);
  clock.advance(30_000);
  expect(heard).toEqual(['drained', 'client_slow']);
  // Whoever reads on after all learns why, behind what waited.
  stream.release();
  await new Promise(setImmediate);
  const bytes = Buffer.concat(stream.written);
  expect(bytes.length).toBeGreaterThan(message.text.length);
  expect(bytes.subarray(-4).toString('hex')).toBe(`8802${(4_408).toString(16)}`);
});
