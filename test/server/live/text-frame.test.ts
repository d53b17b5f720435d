import type { EventEmitter } from 'node:events';
import * as ws from 'ws';
import { expect, it } from 'vitest';
import { toTextFrame } from '../../../src/server/live/text-frame.ts';

/** What reads frames in `ws`; its types leave it out. */
const { Receiver } = ws as unknown as { readonly Receiver: new (options: { readonly isServer: boolean }) => EventEmitter & { write(data: Buffer): void } };

it.each(['', 'a', 'x'.repeat(125), 'x'.repeat(126), 'grüße 🎈'.repeat(20), 'x'.repeat(65_535), 'x'.repeat(65_536), 'ß'.repeat(70_000)])('makes a frame of a text that a WebSocket reads back', async text => {
  const receiver = new Receiver({ isServer: false });
  const read = new Promise<string>((resolve, reject) => {
    receiver.on('message', (data: Buffer, isBinary: boolean) => (isBinary ? reject(new Error('It is binary')) : resolve(data.toString())));
    receiver.on('error', reject);
  });
  receiver.write(toTextFrame(text));
  expect(await read).toBe(text);
});
