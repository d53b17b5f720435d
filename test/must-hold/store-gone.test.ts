import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openFilesStore } from '../../src/files.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const flow = { id: 'f', steps: [{ id: 's', uses: 'tool:work' }] };
const queue = defineQueue({ name: 'q' });

const kinds = [
  { name: 'database', open: (place: string) => openSqliteStore({ file: place, durability: 'process' }), file: (place: string) => place },
  { name: 'folder of files', open: (place: string) => openFilesStore({ folder: place, durability: 'process' }), file: (place: string) => place },
];

describe.each(kinds)('a runtime whose $name goes away', ({ open, file }) => {
  const begin = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-gone-'));
    folders.push(folder);
    const place = join(folder, 'place');
    const { runtime } = await openRuntime(flow, { work: () => 1 }, { store: open(place), queues: [queue], isolation: false });
    await (await runtime.start('f')).settled();
    return { runtime, place, go: () => renameSync(file(place), `${place}.moved`), comeBack: () => renameSync(`${place}.moved`, file(place)) };
  };

  it('stands still with the reason, also when it has nothing to store, and refuses everything that would store', async () => {
    const { runtime, go } = await begin();
    go();
    while (runtime.health().status === 'running') await sleep(20);
    expect(runtime.health()).toMatchObject({ status: 'faulted', error: { code: 'store_gone' } });
    for (const act of [() => runtime.start('f'), () => runtime.publish(queue, 1), () => runtime.signal('x', 'go'), () => runtime.cancel('x')]) {
      await expect(act()).rejects.toMatchObject({ code: 'runtime_faulted', cause: { code: 'store_gone' } });
    }
    await expect(runtime.restart()).rejects.toMatchObject({ code: 'store_gone' });
    expect(runtime.health().status).toBe('faulted');
    await runtime.stop();
  });

  it('refuses what is asked at once with the reason', async () => {
    const { runtime, go } = await begin();
    go();
    await expect(runtime.start('f', { idempotencyKey: 'paid' })).rejects.toMatchObject({ code: 'store_gone' });
    await runtime.stop();
  });

  it('goes on when it is back in its place', async () => {
    const { runtime, go, comeBack } = await begin();
    go();
    await expect(runtime.start('f')).rejects.toMatchObject({ code: 'store_gone' });
    comeBack();
    await runtime.restart();
    expect((await (await runtime.start('f')).settled()).passed).toBe(true);
    await runtime.stop();
  });
});
