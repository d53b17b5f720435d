import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { goOn, open } from '../fixtures/actors-0.2.0/drive.ts';

interface Seen {
  readonly actors: { readonly [id: string]: unknown };
}

const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/actors-0.2.0/${name}`, import.meta.url));
const { storedAt, seen } = JSON.parse(read('seen.json').toString()) as { storedAt: number; seen: Record<string, Seen> };
// 0.2.0 showed nothing of an actor that it had met in another's context first; this one is in the same state as `late-cart` throughout.
const expected = Object.fromEntries(Object.entries(seen).map(([step, { actors, ...more }]) => [step, { ...more, actors: { ...actors, cart: actors['late-cart'] } }]));

describe('actors stored by 0.2.0', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-actors-'));
    writeFileSync(join(folder, 'a.db'), gunzipSync(read('actors.db.gz')));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('go on as they did there', async () => {
    const opened = await open(openSqliteStore({ file: join(folder, 'a.db') }), storedAt);
    try {
      expect(await goOn(opened)).toEqual(expected);
      // Its sessions, and so its keys, are as they were: what was given one there is the same here.
      expect((await opened.runtime.actor('late-cart')).sessionId).toBe('x:1');
    } finally {
      await opened.runtime.stop({ timeoutMs: 0 });
    }
  });

  it('are stored with the digest of now, and what it stands for, once they have taken something', async () => {
    const file = join(folder, 'a.db');
    const readPlayer = () => {
      const reader = openSqliteReader({ file });
      try {
        const digest = reader.actors?.getActor('player')?.machineDigest as string;
        return { digest, machine: reader.actors?.getActorMachine(digest) };
      } finally {
        reader.close();
      }
    };
    openSqliteStore({ file }).close();
    const before = readPlayer();
    const { runtime } = await open(openSqliteStore({ file }), storedAt);
    await (await runtime.actor('player')).send({ type: 'mute' });
    await runtime.stop({ timeoutMs: 0 });
    const after = readPlayer();
    expect(after.digest).not.toBe(before.digest);
    expect([before.machine, after.machine]).toMatchObject([undefined, { machineId: 'player', machineVersion: '1' }]);
  });

  it('are refused with what they are in, when that is gone; of those stored since it is said what has changed', async () => {
    const store = () => openSqliteStore({ file: join(folder, 'a.db') });
    const player = createMachine({ id: 'player', version: '1', type: 'parallel', states: { tape: { initial: 'off', states: { off: {} } } } });
    const refuse = async (id: string): Promise<unknown> => {
      const runtime = await createRuntime({ store: store(), machines: [player] });
      try {
        return await runtime.actor(id);
      } finally {
        await runtime.stop({ timeoutMs: 0 });
      }
    };
    const { runtime } = await open(store(), storedAt);
    await (await runtime.actor('player')).send({ type: 'mute' });
    await runtime.stop({ timeoutMs: 0 });
    await expect(refuse('playing')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('is in `tape.on`, `sound`') });
    await expect(refuse('player')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('states gone: `tape.on`, `sound`; transitions gone: `tape.off: on → tape.on.back`') });
  });
});
