import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createSeededRandom } from '../../src/core/ids.ts';
import type { Request, Store, StoreReader, Write, WriteShape } from '../contract.ts';
import { MemoryState } from '../memory/memory-state.ts';
import { MemoryTables } from '../memory/memory-store.ts';
import type { Row, Table, Value } from '../table.ts';
import { compareWithModel } from './compare-with-model.ts';
import { marks, notes, places, suiteTables } from './suite-tables.ts';

/** A store under test, and what a second process would open. */
export interface StoreSubject {
  /** Empty, with the tables of the suite. */
  readonly store: Store;
  /** The same rows, for reading, as another process opens them. */
  read(): StoreReader | Promise<StoreReader>;
  /** Of a store that writes backups: a file that is not there, and what opens it as a reader would. */
  readonly backup?: { readonly file: string; open(): StoreReader | Promise<StoreReader> };
  /** Closes what was opened and removes it. */
  dispose(): void | Promise<void>;
}

/** Opens a store that is empty and keeps these tables. */
export type OpenSubject = (tables: readonly Table[]) => StoreSubject | Promise<StoreSubject>;

/** One rule of the contract. `run` throws when a store breaks it. */
export interface StoreCheck {
  readonly name: string;
  run(open: OpenSubject): Promise<void>;
}

const owner = { pid: 1, hostname: 'suite', startedAt: 1_700_000_000_000, socket: null };
const columnsOf = (table: Table): readonly string[] => Object.keys(table.columns);
const shape = (table: Table, kind: WriteShape['kind'], parts: Partial<WriteShape> = {}): WriteShape => ({ table, kind, columns: columnsOf(table), ...parts });

const insertNote = shape(notes, 'insert');
const putNote = shape(notes, 'put', { once: ['createdAt'], unless: 'settledAt' });
const insertPlace = shape(places, 'insert');

const toNote = (key: number, parts: { readonly [column: string]: Value } = {}): Row => ({
  key, owner: 'a', label: `note ${key}`, status: 'open', weight: 0.5, createdAt: 1, settledAt: null, wakeAt: null, body: new Uint8Array([key % 256]), ...parts,
});
const write = (by: WriteShape, row: Row): Write => ({ shape: by, values: by.columns.map(column => row[column] ?? null) });
const note = (key: number, parts: { readonly [column: string]: Value } = {}): Write => write(insertNote, toNote(key, parts));
const place = (family: string, position: number, item: number): Write => write(insertPlace, { family, position, item, text: `${family}${position}` });

async function readRows(store: StoreReader, request: Request): Promise<Row[]> {
  const [rows = []] = await store.read([request]);
  return rows.map(row => ({ ...row }));
}

const listKeys = async (store: StoreReader, request: Omit<Request, 'table'> = {}): Promise<Value[]> =>
  (await readRows(store, { table: notes, columns: ['key'], ...request })).map(row => row['key'] as Value);

const hasCode = (code: string) => (error: unknown): true => {
  equal((error as { readonly code?: unknown }).code, code);
  return true;
};

const refuses = async (store: Store, writes: readonly Write[], code: string): Promise<void> => rejects(async () => store.commit(writes), hasCode(code));

function check(name: string, run: (store: Store, subject: StoreSubject) => Promise<void>): StoreCheck {
  return {
    name,
    async run(open) {
      const subject = await open(suiteTables);
      try {
        await subject.store.own(owner);
        await run(subject.store, subject);
      } finally {
        await subject.dispose();
      }
    },
  };
}

/**
 * The rules of the contract, for whoever writes a store.
 *
 * @example
 * ```ts
 * import { storeChecks } from 'flowstone/kit';
 * import type { OpenSubject } from 'flowstone/kit';
 * import { it } from 'vitest';
 *
 * declare const openMine: OpenSubject;
 *
 * for (const { name, run } of storeChecks) it(name, () => run(openMine));
 * ```
 */
export const storeChecks: readonly StoreCheck[] = [
  check('gives back every kind of value as it was written', async store => {
    const row = toNote(1, { label: 'ä\u{1f600}"\'\n', weight: -0.25, wakeAt: Number.MAX_SAFE_INTEGER, body: new Uint8Array([0, 255, 1]) });
    await store.commit([write(insertNote, row)]);
    const [found] = await readRows(store, { table: notes, keys: [[1]] });
    deepEqual({ ...found, body: Array.from((found ?? row)['body'] as Uint8Array) }, { ...row, body: [0, 255, 1] });
  }),
  check('finds rows by keys, in their order, and leaves out those that are not there', async store => {
    await store.commit([note(1), note(2), note(3)]);
    deepEqual(await listKeys(store, { keys: [[3], [9], [1]] }), [3, 1]);
    deepEqual(await listKeys(store, { index: 'notes_label', keys: [['note 2'], ['none']] }), [2]);
  }),
  check('lists a stretch of an index: a prefix, a range, an order, a limit, behind a row', async store => {
    await store.commit([1, 2, 3, 4, 5, 6].map(key => note(key, { owner: key % 2 === 0 ? 'b' : 'a', wakeAt: key === 6 ? null : key * 10 })));
    deepEqual(await listKeys(store, { index: 'notes_owner', prefix: ['a'] }), [1, 3, 5]);
    deepEqual(await listKeys(store, { index: 'notes_owner', prefix: ['a'], order: 'falling', limit: 2 }), [5, 3]);
    deepEqual(await listKeys(store, { index: 'notes_owner', prefix: ['a'], after: [1] }), [3, 5]);
    deepEqual(await listKeys(store, { index: 'notes_wake' }), [1, 2, 3, 4, 5]);
    deepEqual(await listKeys(store, { index: 'notes_wake', from: 20, to: 40 }), [2, 3, 4]);
    deepEqual(await listKeys(store, { index: 'notes_wake', order: 'falling', to: 40, after: [30, 3] }), [2, 1]);
    deepEqual(await listKeys(store, { limit: 0 }), []);
  }),
  check('goes on behind all rows that begin with the values given', async store => {
    await store.commit([place('a', 0, -1), place('a', 1, 0), place('a', 1, 1), place('b', 0, -1)]);
    const list = async (request: Omit<Request, 'table'>): Promise<string[]> =>
      (await readRows(store, { table: places, ...request })).map(row => `${String(row['family'])}${String(row['position'])}${String(row['item'])}`);
    deepEqual(await list({ prefix: ['a'], after: [0] }), ['a10', 'a11']);
    deepEqual(await list({ after: ['a'] }), ['b0-1']);
    deepEqual(await list({ prefix: ['a', 1], from: 0, to: 0 }), ['a10']);
    deepEqual(await list({ order: 'falling', after: ['b', 0] }), ['a11', 'a10', 'a0-1']);
  }),
  check('orders texts by their code points, and numbers before texts', async store => {
    const labels = ['a', 'B', 'ä', '\uffff', '\u{1f600}', '', 'ab'];
    await store.commit(labels.map((label, index) => note(index + 1, { label })));
    const found = await readRows(store, { table: notes, index: 'notes_label', columns: ['label'] });
    deepEqual(found.map(row => row['label']), ['', 'B', 'a', 'ab', 'ä', '\uffff', '\u{1f600}']);
  }),
  check('has a column that falls in its index fall', async store => {
    await store.commit([note(1, { weight: 1 }), note(2, { weight: 3 }), note(3, { weight: 3 }), note(4, { weight: 2, status: 'done', settledAt: 1 })]);
    deepEqual(await listKeys(store, { index: 'notes_heavy', limit: 9 }), [2, 3, 1]);
  }),
  check('counts rows', async store => {
    await store.commit([note(1), note(2, { owner: 'b' }), note(3)]);
    const answers = await store.read([{ table: notes, index: 'notes_owner', prefix: ['a'], count: true }, { table: notes, count: true }]);
    deepEqual(answers.map(rows => rows.map(row => row['count'])), [[2], [3]]);
  }),
  check('holds only the rows in an index that it was made for', async store => {
    await store.commit([note(1, { wakeAt: 5 }), note(2)]);
    await store.commit([{ shape: { table: notes, kind: 'update', columns: ['wakeAt'] }, values: [null, 1] }, { shape: { table: notes, kind: 'update', columns: ['wakeAt'] }, values: [7, 2] }]);
    deepEqual(await listKeys(store, { index: 'notes_wake' }), [2]);
  }),
  check('stores all writes of a commit, in their order, or none', async (store, subject) => {
    await store.commit([note(1), { shape: { table: notes, kind: 'remove', columns: ['key'] }, values: [1] }, note(1, { label: 'again' })]);
    await refuses(store, [note(2), note(1)], 'commit_failed');
    deepEqual(await listKeys(await subject.read()), [1]);
    await refuses(store, [note(2), { shape: { table: notes, kind: 'update', columns: ['label'] }, values: ['x', 99] }], 'row_refused');
    deepEqual(await listKeys(store), [1]);
  }),
  check('refuses a second row with a key, or with what a unique index has', async store => {
    await store.commit([note(1)]);
    await refuses(store, [note(1, { label: 'other' })], 'commit_failed');
    await refuses(store, [note(2, { label: 'note 1' })], 'commit_failed');
    await store.commit([{ shape: { ...insertNote, keep: true }, values: note(1, { label: 'kept' }).values }]);
    deepEqual((await readRows(store, { table: notes, columns: ['label'] })), [{ label: 'note 1' }]);
  }),
  check('puts a row in the place of another, but for what is written once', async store => {
    await store.commit([note(1)]);
    await store.commit([write(putNote, toNote(1, { label: 'new', createdAt: 99, weight: 2 }))]);
    deepEqual(await readRows(store, { table: notes, columns: ['label', 'createdAt', 'weight'] }), [{ label: 'new', createdAt: 1, weight: 2 }]);
    await store.commit([{ shape: { ...putNote, columns: ['key', 'owner', 'label', 'createdAt', 'body'] }, values: [1, 'a', 'short', 5, new Uint8Array()] }]);
    deepEqual(await readRows(store, { table: notes, columns: ['label', 'status', 'weight', 'createdAt'] }), [{ label: 'short', status: 'open', weight: 0, createdAt: 1 }]);
  }),
  check('never changes a row in which the column of `unless` is set', async store => {
    await store.commit([note(1, { status: 'done', settledAt: 5 })]);
    await refuses(store, [write(putNote, toNote(1))], 'row_refused');
    await refuses(store, [{ shape: { table: notes, kind: 'update', columns: ['label'], unless: 'settledAt' }, values: ['x', 1] }], 'row_refused');
    await store.commit([write(putNote, toNote(2))]);
    deepEqual(await listKeys(store), [1, 2]);
  }),
  check('changes a row only when a column has the value of `when`, and never lets one of `rising` fall', async store => {
    await store.commit([note(1, { weight: 5 })]);
    const update: WriteShape = { table: notes, kind: 'update', columns: ['label'], when: { column: 'status', is: 'done' } };
    await refuses(store, [{ shape: update, values: ['x', 1] }], 'row_refused');
    await store.commit([{ shape: { ...update, when: { column: 'status', is: 'open' } }, values: ['y', 1] }]);
    await refuses(store, [write({ ...putNote, rising: 'weight' }, toNote(1, { weight: 4 }))], 'row_refused');
    await store.commit([write({ ...putNote, rising: 'weight' }, toNote(1, { weight: 5 }))]);
  }),
  check('adds to a text, and may miss a row where that is allowed', async store => {
    await store.commit([note(1, { label: 'a' })]);
    await store.commit([{ shape: { table: notes, kind: 'update', columns: ['label'], append: ['label'] }, values: ['b', 1] }]);
    await store.commit([{ shape: { table: notes, kind: 'update', columns: ['label'], mayMiss: true }, values: ['b', 7] }]);
    deepEqual(await readRows(store, { table: notes, columns: ['key', 'label'] }), [{ key: 1, label: 'ab' }]);
  }),
  check('removes all rows whose columns begin so', async store => {
    await store.commit([place('a', 0, -1), place('a', 1, 0), place('a', 1, 1), place('b', 0, -1)]);
    await store.commit([{ shape: { table: places, kind: 'remove', columns: ['family', 'position'] }, values: ['a', 1] }]);
    equal((await readRows(store, { table: places })).length, 2);
    await store.commit([{ shape: { table: places, kind: 'remove', columns: ['family'] }, values: ['a'] }]);
    deepEqual((await readRows(store, { table: places })).map(row => row['family']), ['b']);
  }),
  check('has the rows that a table begins with', async store => {
    deepEqual(await readRows(store, { table: marks }), [{ id: 1, head: 0 }]);
  }),
  check('shows what is committed to other readers, and nothing else', async (store, subject) => {
    await store.commit([note(1)]);
    deepEqual(await listKeys(await subject.read()), [1]);
    equal((await (await subject.read()).owner())?.hostname, owner.hostname);
  }),
  check('answers nothing after it is closed, and may be closed twice', async store => {
    await store.close();
    await store.close();
    for (const act of [() => store.read([]), () => store.owner(), () => store.size(), () => store.own(owner), () => store.commit([])]) await rejects(async () => act(), hasCode('store_closed'));
  }),
  check('takes an empty commit from its owner', async store => {
    await store.commit([]);
    ok((await store.size()).bytes >= 0);
    await store.compact();
  }),
  check('runs writes of others in savepoints of an open transaction, where it can', async store => {
    if (!store.begin) return;
    const open = store.begin();
    let ran = false;
    open.attempt(() => void (ran = true));
    let failed: unknown;
    try {
      open.attempt(() => {
        throw new RangeError('mine');
      });
    } catch (error) {
      failed = error;
    }
    ok(ran && failed instanceof RangeError);
    open.commit([note(1)]);
    store.begin().rollback();
    deepEqual(await listKeys(store), [1]);
  }),
  check('writes a backup of one moment into a new file while it goes on, where it can', async (store, { backup }) => {
    if (!store.backup) return;
    ok(backup, 'A store with `backup` is checked with a subject that says where to');
    await store.commit([note(1), place('a', 0, -1)]);
    const written = store.backup(backup.file);
    await store.commit([note(2), place('a', 0, 2)]);
    await written;
    const reader = await backup.open();
    const kept = await listKeys(reader);
    deepEqual(kept.slice(0, 1), [1]);
    equal((await readRows(reader, { table: places })).length, kept.length);
    await reader.close();
    await rejects(async () => store.backup?.(backup.file), hasCode('backup_exists'));
    deepEqual(await listKeys(store), [1, 2]);
  }),
  check('answers as the store in memory does, whatever is written and asked', async store => {
    const model = new MemoryTables(new MemoryState());
    model.own(owner);
    await compareWithModel(store, model, createSeededRandom(7), 200);
  }),
];
