import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { GuestLine } from '../../src/kinds/queues/guest-line.ts';

it('says that the owner is silent when it ends the connection before it has answered', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-line-'));
  const address = join(folder, 'owner.sock');
  const owner = createServer(socket => socket.destroy()).listen(address);
  await new Promise(resolve => owner.once('listening', resolve));
  let closed = 0;
  const opening = GuestLine.open(
    { address, client: 'guest', receipts: [], clock: systemClock, timeoutMs: 5_000 },
    { deliver: () => {}, lose: () => {}, closed: () => closed++ },
  );
  await expect(opening).rejects.toMatchObject({ code: 'owner_silent' });
  expect(closed).toBe(1);
  await new Promise(resolve => owner.close(resolve));
  rmSync(folder, { recursive: true });
});
