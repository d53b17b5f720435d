import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/sqlite.ts';
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
});
