import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openFilesStore } from '../../src/files.ts';
import type { Runtime } from '../../src/index.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import type { Version } from './version.ts';
import { loadReleased, loadWorkingTree } from './version.ts';

const folders: string[] = [];
let released: Version;
let current: Version;

beforeAll(async () => {
  released = await loadReleased();
  current = await loadWorkingTree();
});

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const counter = setup({ types: { context: {} as { n: number }, events: {} as { type: 'add' } } }).createMachine({
  id: 'counter', context: { n: 0 }, on: { add: { actions: ({ context }) => context } },
});

/** A chain that waits for a signal, a list of which one item waits to be tried again, and a flow that waits for another one. */
const flows: readonly FlowSource[] = [
  {
    id: 'order', steps: [
      { id: 'first', uses: 'tool:echo', with: { text: 'zwölf\n"quoted"' } },
      { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['first'] },
      { id: 'last', uses: 'tool:echo', with: '{% [steps.first.output, steps.ask.output] %}', depends_on: ['ask'] },
    ],
  },
  { id: 'list', steps: [{ id: 'each', uses: 'tool:pick', for_each: [1, 2, 3], with: '{% item %}', retry: { maxAttempts: 3, initialInterval: '1h' } }, { id: 'sum', uses: 'tool:echo', with: '{% steps.each.output %}', depends_on: ['each'] }] },
  { id: 'parent', steps: [{ id: 'child', uses: 'flow:order' }, { id: 'end', uses: 'tool:echo', with: '{% steps.child.output %}', depends_on: ['child'] }] },
];

interface Life {
  readonly runtime: Runtime;
  readonly clock: InstanceType<Version['flowstone']['SimulatedClock']>;
}

async function open({ flowstone, sqlite }: Version, file: string, now?: number): Promise<Life> {
  const clock = new flowstone.SimulatedClock(now);
  let refused = false;
  const tools = [
    flowstone.defineTool({ name: 'echo', run: ({ input }) => input }),
    flowstone.defineTool({
      name: 'pick',
      run: ({ input, attempt }) => {
        if (input === 2 && attempt < 2) {
          refused = true;
          throw new Error(`not yet ${refused}`);
        }
        return (input as number) * 10;
      },
    }),
  ];
  const store = sqlite.openSqliteStore({ file, durability: 'process' });
  const runtime = await flowstone.createRuntime({ store, flows: flows.map(flow => flowstone.defineFlow(flow)), tools, queues: [flowstone.defineQueue({ name: 'jobs' })], machines: [counter], clock, listen: false, retentionMs: null });
  return { runtime, clock };
}

/** A file as 0.3.0 leaves it when it is killed: with flows, a message and an actor that have not settled. */
async function fill(): Promise<{ readonly file: string; readonly ids: Readonly<Record<string, string>>; readonly now: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-upgrade-'));
  folders.push(folder);
  const { runtime, clock } = await open(released, join(folder, 'before.db'));
  const ids: Record<string, string> = {};
  const done = await runtime.start('order');
  for (const id of ['order', 'list', 'parent']) ids[id] = (await runtime.start(id)).executionId;
  ids['done'] = done.executionId;
  await settleTicks(60);
  await runtime.signal(done.executionId, 'go', { by: 'me' });
  await runtime.settled(done.executionId);
  await runtime.publish('jobs', { n: 1 });
  const actor = await runtime.spawn(counter, { id: 'c' });
  await actor.send({ type: 'add' });
  await settleTicks(60);
  const file = join(folder, 'after.db');
  for (const suffix of ['', '-wal']) copyFileSync(join(folder, `before.db${suffix}`), file + suffix);
  await runtime.stop({ timeoutMs: 0 });
  return { file, ids, now: clock.now() };
}

describe('a folder of 0.3.0 whose journal was written anew', () => {
  it('has its steps and outputs still, and what has not settled goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-upgrade-'));
    folders.push(folder);
    const older = (await import(pathToFileURL(join(released.root, 'dist/src/files.js')).href)) as typeof import('../../src/files.ts');
    const flow: FlowSource = { id: 'f', steps: [{ id: 'a', uses: 'tool:echo', with: [1] }, { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['a'] }, { id: 'b', uses: 'tool:echo', with: '{% steps.a.output %}', depends_on: ['ask'] }] };
    const start = async ({ flowstone }: Version, store: ReturnType<typeof openFilesStore>) =>
      flowstone.createRuntime({ store, flows: [flowstone.defineFlow(flow)], tools: [flowstone.defineTool({ name: 'echo', run: ({ input }) => input })], listen: false, retentionMs: null });
    const before = older.openFilesStore({ folder });
    const first = await start(released, before);
    const { executionId } = await first.start('f');
    await settleTicks(200);
    before.compact();
    await first.stop();
    const store = openFilesStore({ folder });
    const runtime = await start(current, store);
    await runtime.signal(executionId, 'go', 2);
    expect((await runtime.settled(executionId)).steps.map(({ output }) => output)).toEqual([[1], 2, [1]]);
    expect((await current.testing.replayJournal(store, executionId)).mismatches).toEqual([]);
    await runtime.stop();
  });
});

describe('a file of 0.3.0 with work in it', () => {
  it('is brought up to date, and all of it goes on to the end it would have had', async () => {
    const { file, ids, now } = await fill();
    const { runtime, clock } = await open(current, file, now);
    await settleTicks(60);
    for (const id of [ids['order'], ids['parent']]) expect((await (await runtime.get(id as string)).get()).status).toBe('stepping');
    expect((await (await runtime.get(ids['done'] as string)).get()).steps.map(({ output }) => output)).toEqual([{ text: 'zwölf\n"quoted"' }, { by: 'me' }, [{ text: 'zwölf\n"quoted"' }, { by: 'me' }]]);
    await runtime.signal(ids['order'] as string, 'go', 1);
    const child = (await runtime.list()).find(({ executionId }) => executionId.startsWith(`${ids['parent']}.`));
    await runtime.signal(child?.executionId as string, 'go', 2);
    for (let hour = 0; hour < 3; hour++) {
      clock.advance(3_600_000);
      await settleTicks(60);
    }
    const settled = async (name: string) => runtime.settled(ids[name] as string);
    expect((await settled('order')).steps.map(({ output }) => output)).toEqual([{ text: 'zwölf\n"quoted"' }, 1, [{ text: 'zwölf\n"quoted"' }, 1]]);
    expect((await settled('list')).steps.map(({ output }) => output)).toEqual([[10, 20, 30], [10, 20, 30]]);
    expect(await settled('parent')).toMatchObject({ passed: true });
    const taken: unknown[] = [];
    await runtime.consume('jobs', ({ payload }) => void taken.push(payload));
    await settleTicks(60);
    expect(taken).toEqual([{ n: 1 }]);
    const actor = await runtime.actor<typeof counter>('c');
    await actor.send({ type: 'add' });
    for (const id of Object.values(ids)) {
      const reader = current.sqlite.openSqliteReader({ file });
      expect((await current.testing.replayJournal(reader, id)).mismatches).toEqual([]);
      reader.close();
    }
    await runtime.stop();
  });

  it('is as it was when the upgrade ends at any statement', async () => {
    const { file } = await fill();
    const shape = (path: string): unknown => {
      const database = new Database(path);
      const tables = database.prepare(`SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name`).all();
      const counts = ['steps', 'attempts', 'journal', 'executions', 'messages'].map(name => database.prepare(`SELECT count(*) AS n FROM ${name}`).get());
      database.close();
      return { tables, counts };
    };
    const before = shape(file);
    /** Ends before one of the statements; 0: never. */
    const upgrade = (path: string, end: number): number => {
      const database = new Database(path);
      let count = 0;
      const failing = new Proxy(database, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (name !== 'exec') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
          return (sql: string) => {
            // A migration is given whole; it ends in the middle of it.
            for (const statement of sql.split(/(?<=;)\s*\n/)) {
              if (/^\s*(CREATE|ALTER|DROP|INSERT)/.test(statement) && ++count === end) throw new Error('killed');
              target.exec(statement);
            }
          };
        },
      });
      try {
        current.sqlite.openSqliteStore({ database: failing });
      } finally {
        database.close();
      }
      return count;
    };
    copyFileSync(file, `${file}-copy`);
    const statements = upgrade(`${file}-copy`, 0);
    expect(statements).toBeGreaterThan(15);
    for (let end = 1; end <= statements; end += 3) {
      expect(() => upgrade(file, end)).toThrow(/killed/);
      expect(shape(file)).toEqual(before);
    }
  });
});
