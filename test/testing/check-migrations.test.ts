import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AnyStateMachine } from 'xstate';
import { createMachine } from 'xstate';
import { afterAll, describe, expect, it } from 'vitest';
import type { HostedMachine } from '../../src/kinds/actors/machine-book.ts';
import type { MachineLike } from '../../src/kinds/actors/machine-like.ts';
import { openSqliteReader } from '../../src/open-records.ts';
import type { MigrationReport, StoredActor } from '../../src/testing.ts';
import { checkMigrations, readStoredActors } from '../../src/testing.ts';
import { createMachines, World } from '../fixtures/actors-0.2.0/machines.ts';
import { openPlace } from '../machine-host/open-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowstone-check-'));
const file = join(folder, 'stored.db');
const golden = gunzipSync(readFileSync(new URL('../fixtures/actors-0.2.0/actors.db.gz', import.meta.url)));
writeFileSync(file, golden);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function readAll(...args: Parameters<typeof readStoredActors>): Promise<StoredActor[]> {
  const actors: StoredActor[] = [];
  for await (const actor of readStoredActors(...args)) actors.push(actor);
  // What is kept is a file.
  return JSON.parse(JSON.stringify(actors)) as StoredActor[];
}
const verdicts = ({ checked }: MigrationReport): object => Object.fromEntries(checked.map(({ actorId, verdict }) => [actorId, verdict]));
const machines = Object.values(createMachines(new World())) as unknown as (MachineLike | HostedMachine)[];

describe('actors stored by 0.2.0, in a file that is only read', () => {
  const read = async (): Promise<StoredActor[]> => {
    const reader = openSqliteReader({ file, outdated: 'read' });
    try {
      return await readAll(reader);
    } finally {
      reader.close();
    }
  };

  it('go on with the machines they had, codecs and all', async () => {
    const report = checkMigrations({ machines, snapshots: await read() });
    expect(report.refused).toEqual([]);
    expect(report.checked.map(({ actorId }) => actorId)).toEqual(['asking', 'breaking', 'cart', 'crowd', 'inline', 'late-cart', 'nursery', 'parent', 'paying', 'player', 'playing', 'radio', 'worker']);
    expect(readFileSync(file).equals(golden)).toBe(true);
  });

  it('say why they would not go on with others', async () => {
    const order = createMachine({ id: 'order', version: '2', initial: 'basket', states: { basket: {}, paying: {} } }) as unknown as AnyStateMachine;
    const others = machines.filter(one => 'id' in one && one.id !== 'order' && one.id !== 'radio');
    const { refused } = checkMigrations({ machines: [...others, order], snapshots: await read() });
    expect(refused.map(({ actorId, code }) => [actorId, code])).toEqual([['cart', 'machine_changed'], ['late-cart', 'machine_changed'], ['paying', 'machine_changed'], ['radio', 'actor_machine_missing']]);
    expect(refused[0]?.message).toContain('the actor is in `cart`');
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: { value: unknown; context: { receipt?: unknown } }) => ({ ...snapshot, value: 'basket', context: { receipt: (snapshot.context.receipt as { id: string }).id } }) as never }];
    const moved = checkMigrations({ machines: [{ machine: order, migrations: migrations as never }], snapshots: (await read()).filter(({ record }) => record.actorId === 'cart') });
    expect(moved.refused).toMatchObject([{ code: 'migration_failed', message: expect.stringMatching(/migration from `1` to `2`.*actor `cart`: Cannot read properties of null/) }]);
  });
});

describe('stored actors', () => {
  const build = (version: string, states: object): AnyStateMachine => createMachine({ id: 'door', version, initial: 'shut', states } as never) as unknown as AnyStateMachine;
  const v1 = build('1', { shut: { on: { open: 'open' } }, open: { after: { 5_000: 'shut' } } });

  it('are judged each for itself, and nothing is changed', async () => {
    const place = openPlace();
    const runtime = await place.open();
    for (const id of ['a', 'b']) await runtime.spawn(v1, { id });
    await (await runtime.actor('b')).send({ type: 'open' });
    const stored = await readAll(place.store);
    const v2 = build('2', { shut: { on: { open: 'ajar' } }, ajar: {} });
    const steps = (value: string): HostedMachine => ({ machine: v2, migrations: [{ from: '1', to: '2', migrate: snapshot => (snapshot.value === 'open' ? { ...snapshot, value } : snapshot) }] });

    expect(verdicts(checkMigrations({ machines: [v1], snapshots: stored }))).toEqual({ a: 'same', b: 'same' });
    expect(verdicts(checkMigrations({ machines: [v2], snapshots: stored }))).toEqual({ a: 'refused', b: 'refused' });
    expect(verdicts(checkMigrations({ machines: [steps('ajar')], snapshots: stored }))).toEqual({ a: 'migrated', b: 'migrated' });
    const half = checkMigrations({ machines: [steps('away')], snapshots: stored });
    expect([verdicts(half), half.refused[0]?.message]).toEqual([{ a: 'migrated', b: 'refused' }, expect.stringContaining('leads to `away`')]);
    expect(await readAll(place.store)).toEqual(stored);
    await place.close();
  });
});
