import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime, SimulatedClock } from '../../src/index.ts';
import type { Runtime } from '../../src/index.ts';
import { createMemoryTables, defineInstances } from '../../src/kit.ts';
import type { Store } from '../../src/kit.ts';
import { openFilesStore } from '../../src/files.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { counter, reached } from './counter.ts';
import { delayStore } from './delayed-store.ts';
import { createMaps, MapsStore } from './maps-store.ts';

function openFile(driver: 'better-sqlite3' | 'node:sqlite'): () => Store {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-counter-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return () => openSqliteStore({ file: join(folder, 'app.db'), driver, durability: 'process' }) as unknown as Store;
}

/** Each opens the same store anew. */
const stores: readonly { readonly name: string; readonly create: () => () => Store }[] = [
  {
    name: 'in memory',
    create: () => {
      const first = createMemoryTables();
      let opened = 0;
      return () => (opened++ === 0 ? first : first.reopen());
    },
  },
  { name: 'of better-sqlite3', create: () => openFile('better-sqlite3') },
  { name: 'of node:sqlite', create: () => openFile('node:sqlite') },
  {
    name: 'of files',
    create: () => {
      const folder = mkdtempSync(join(tmpdir(), 'flowstone-counter-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return () => openFilesStore({ folder, durability: 'process' }) as unknown as Store;
    },
  },
  {
    name: 'of a stranger, over maps',
    create: () => {
      const maps = createMaps();
      return () => new MapsStore(maps);
    },
  },
];

const open = (store: Store, clock: SimulatedClock, retentionMs?: number): Promise<Runtime> =>
  createRuntime({ store, clock, kinds: [counter], listen: false, ...(retentionMs !== undefined && { retentionMs }) });

async function readHistory(runtime: Runtime, topic: string): Promise<unknown[]> {
  for await (const { entries } of runtime.feed({ after: 'start', topics: [topic] })) return entries.map(({ kind, id, seq, event }) => [kind, id, seq, event.type]);
  return [];
}

beforeEach(() => void reached.splice(0));

describe.each(stores)('a kind of a stranger, in a store $name', ({ create }) => {
  it('counts, is found again by the next runtime, and leaves its history', async () => {
    const reopen = create();
    const clock = new SimulatedClock();
    const runtime = await open(reopen(), clock);
    const answers = await Promise.all(Array.from({ length: 100 }, () => runtime.send(counter, { type: 'add', id: 'c', by: 1 })));
    expect(answers).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(reached).toEqual([100]);
    expect(await runtime.send(counter, { type: 'move', id: 'c', to: 'd', by: 30 })).toBe(70);
    await runtime.stop();
    const again = await open(reopen(), clock);
    expect(await Promise.all([again.send(counter, { type: 'read', id: 'c' }), again.send(counter, { type: 'read', id: 'd' })])).toEqual([70, 30]);
    const history = await readHistory(again, 'kind:counter/c');
    expect(history).toHaveLength(101);
    expect(history.at(-1)).toEqual(['counter', 'c', 101, 'move']);
    await again.stop();
  });

  it('rings when it is due, also in a runtime that was not there when it was set', async () => {
    const reopen = create();
    const clock = new SimulatedClock();
    const runtime = await open(reopen(), clock);
    await runtime.send(counter, { type: 'ring', id: 'a', inMs: 1_000 });
    await runtime.send(counter, { type: 'ring', id: 'b', inMs: 5_000 });
    clock.advance(1_000);
    await settleTicks();
    expect(await runtime.send(counter, { type: 'read', id: 'a' })).toBe(1);
    await runtime.stop();
    clock.advance(10_000);
    const again = await open(reopen(), clock);
    await settleTicks();
    expect(await Promise.all(['a', 'b'].map(id => again.send(counter, { type: 'read', id })))).toEqual([1, 1]);
    await again.stop();
  });

  it('refuses, throws and breaks rules for itself alone', async () => {
    const runtime = await open(create()(), new SimulatedClock());
    await runtime.send(counter, { type: 'close', id: 'shut' });
    const answers = await Promise.allSettled([
      ...Array.from({ length: 200 }, (_, index) => runtime.send(counter, { type: 'add', id: `n${index % 10}`, by: 1 })),
      runtime.send(counter, { type: 'add', id: 'n0', by: 13 }),
      runtime.send(counter, { type: 'add', id: 'n1', by: -5_000 }),
      runtime.send(counter, { type: 'add', id: 'shut', by: 1 }),
      runtime.send(counter, { type: 'peek', id: 'n0', at: 'n1' }),
    ]);
    const reasons = answers.flatMap(answer => (answer.status === 'rejected' ? [(answer.reason as { code?: string }).code ?? answer.reason.message] : []));
    expect(reasons).toEqual(['this machine throws at thirteen', 'commit_failed', 'counter_closed', 'key_not_loaded']);
    expect(await Promise.all(['n0', 'n1', 'n9', 'shut'].map(id => runtime.send(counter, { type: 'read', id })))).toEqual([20, 20, 20, 0]);
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });

  it('goes when it has settled long ago, and its history says so', async () => {
    const clock = new SimulatedClock();
    const runtime = await open(create()(), clock, 3_600_000);
    await runtime.send(counter, { type: 'add', id: 'old', by: 7 });
    await runtime.send(counter, { type: 'close', id: 'old' });
    await runtime.send(counter, { type: 'add', id: 'young', by: 7 });
    // What is old goes by the earliest time that the clock has shown for an hour.
    let left = 7;
    for (let quarter = 0; quarter < 16 && left > 0; quarter++) {
      for (let minute = 0; minute < 15; minute++) {
        clock.advance(60_000);
        await settleTicks(4);
      }
      left = await runtime.send(counter, { type: 'read', id: 'old' });
    }
    expect([left, await runtime.send(counter, { type: 'read', id: 'young' })]).toEqual([0, 7]);
    expect(await readHistory(runtime, 'kind:counter/old')).toEqual([['counter', 'old', undefined, 'counter.deleted']]);
    await runtime.stop();
  });
});

describe('a kind of a stranger', () => {
  it('is decided by what is loaded, also in a store that answers later and in any order', async () => {
    const tables = createMemoryTables();
    const runtime = await open(delayStore(tables, createSeededRandom(7)), new SimulatedClock());
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => runtime.send(counter, { type: 'add', id: `n${index % 3}`, by: 1 })));
    expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => Math.floor(index / 3) + 1));
    await runtime.stop();
  });

  it.each([
    ['SQLite', 'app.db', (path: string) => openSqliteStore({ file: path }) as unknown as Store],
    ['files', 'app', (path: string) => openFilesStore({ folder: path }) as unknown as Store],
  ])('has lost nothing that was acknowledged when its process was killed, and rings after: %s', async (_, name, reopen) => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-counter-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, name);
    let acknowledged = 0;
    for (let kill = 0; kill < 2; kill++) {
      const victim = fork(join(import.meta.dirname, 'counter-victim.ts'), [file], { execArgv: ['--conditions=flowstone-source'] });
      victim.on('message', value => (acknowledged = Number(value)));
      while (acknowledged <= 50 * (kill + 1)) await once(victim, 'message');
      victim.kill('SIGKILL');
      await once(victim, 'exit');
    }
    const clock = new SimulatedClock(Date.now());
    const runtime = await open(reopen(file), clock);
    expect(await runtime.send(counter, { type: 'read', id: 'c' })).toBeGreaterThanOrEqual(acknowledged);
    clock.advance(700_000);
    await settleTicks();
    expect(await runtime.send(counter, { type: 'read', id: 'alarm' })).toBe(1);
    await runtime.stop();
  }, 120_000);

  it('is refused by files in which its table has other columns, also once the journal was written anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-counter-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const other = { ...counter, table: defineInstances('counters', { value: { type: 'integer' }, alarmAt: { type: 'integer', nullable: true } }) };
    for (const isCompacted of [false, true]) {
      const runtime = await open(openFilesStore({ folder }) as unknown as Store, new SimulatedClock());
      await runtime.send(counter, { type: 'add', id: 'c', by: 1 });
      await runtime.stop();
      if (isCompacted) {
        const store = openFilesStore({ folder });
        store.acquire({ pid: process.pid, host: 'here', startedAt: 1, address: null } as never);
        store.compact();
        store.close();
      }
      await expect(createRuntime({ store: openFilesStore({ folder }), kinds: [other], listen: false })).rejects.toMatchObject({ code: 'table_differs' });
    }
    const again = await open(openFilesStore({ folder }) as unknown as Store, new SimulatedClock());
    expect(await again.send(counter, { type: 'read', id: 'c' })).toBe(2);
    await again.stop();
  });

  it('takes at most 150 lines and imports nothing but the public entry points', () => {
    const text = readFileSync(new URL('counter.ts', import.meta.url), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(150);
    const imports = Array.from(text.matchAll(/from '([^']+)'/g), ([, path]) => path);
    expect([...new Set(imports)].toSorted()).toEqual(['../../src/index.ts', '../../src/kit.ts']);
  });
});
