import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseFlow } from '../../src/definition/parse.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
const golden = gunzipSync(readFileSync(new URL('../golden/0.1.0.db.gz', import.meta.url)));
const settledId = '01a1fca8-7c18-77da-bd83-561a32e12c4f';
const unfinishedId = '01a1fca8-7c56-72c0-9ca1-916743e17693';
let file = '';
let count = 0;
beforeEach(() => void (file = join(cwd, `${++count}.db`)));
afterAll(() => folder.remove());

writeFileSync(join(cwd, 'inner.yml'), 'id: inner\nsteps:\n  - { id: ask, uses: signal, with: { name: answer } }\n');
writeFileSync(join(cwd, 'tools.ts'), `
export const echo = ({ input }) => input;
export const item = ({ input }) => input * 2;
export const flaky = () => { throw new Error('always'); };
`);

describe('a database of an older version, on the command line', () => {
  it('is brought up to date by a retry, which then goes on', async () => {
    writeFileSync(file, golden);
    const retried = await run(['retry', settledId, 'sum', '--tools', 'tools.ts', '--flow', 'inner.yml', '--db', file], cwd);
    expect(retried).toMatchObject({ code: 0, stdout: expect.stringMatching(/Generation 2 of .*[\s\S]*\(kept from generation 1\)/) });
  });

  it('is brought up to date by a signal', async () => {
    writeFileSync(file, golden);
    const sent = await run(['signal', unfinishedId, 'go', '"late"', '--db', file], cwd);
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('Sent signal go') });
    // It can take a while, so it is said.
    expect(sent.stderr).toMatch(new RegExp(`^Brings ${file} up to date, 1 of (\\d+): [\\s\\S]*, \\1 of \\1: [\\w-]+$`, 'm'));
  });

  it('is kept as it was in a backup, when one is asked for, before the first change', async () => {
    writeFileSync(file, golden);
    const sent = await run(['signal', unfinishedId, 'go', '"late"', '--db', file], cwd, { FLOWSTONE_BACKUP: 'kept.db' });
    expect(sent.code).toBe(0);
    expect(sent.stderr.split('\n').slice(0, 2)).toEqual([`Wrote a backup of ${file} to ${join(cwd, 'kept.db')}`, expect.stringMatching(/^Brings .* up to date, 1 of /)]);
    writeFileSync(join(cwd, 'before.db'), golden);
    const [kept, before] = ['kept.db', 'before.db'].map(name => new Database(join(cwd, name), { readonly: true })) as [Database.Database, Database.Database];
    for (const sql of ['SELECT * FROM flowstone_migrations', 'SELECT * FROM executions', 'SELECT * FROM steps', 'SELECT * FROM journal']) expect(kept.prepare(sql).all()).toEqual(before.prepare(sql).all());
    kept.close();
    before.close();
  });

  it('stays as it is when the backup cannot be written, and the command says how to have one', async () => {
    writeFileSync(file, golden);
    const list = (): unknown[] => {
      const database = new Database(file, { readonly: true });
      try {
        return database.prepare('SELECT number FROM flowstone_migrations').all();
      } finally {
        database.close();
      }
    };
    const before = list();
    const refused = await run(['signal', unfinishedId, 'go', '"late"', '--db', file], cwd, { FLOWSTONE_BACKUP: 'nowhere/kept.db' });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('Expected a folder for');
    expect(list()).toEqual(before);
    const sent = await run(['signal', unfinishedId, 'go', '"late"', '--db', file], cwd);
    expect(sent).toMatchObject({ code: 0, stderr: expect.stringContaining('With FLOWSTONE_BACKUP=FILE a backup is written first') });
    expect(list().length).toBeGreaterThan(before.length);
  });

  it('is left as it is while a program of that version owns it, which does the work', async () => {
    const runtime = await createRuntime({ store: openSqliteStore({ file }), tools: [{ name: 'note', run: () => 'noted' }], flows: [parseFlow('id: f\nsteps:\n  - { id: a, uses: "tool:note" }\n')] });
    const execution = await runtime.start('f');
    await execution.settled();
    const database = new Database(file);
    database.exec('DELETE FROM flowstone_migrations WHERE number = (SELECT max(number) FROM flowstone_migrations)');
    database.close();
    const told = await run(['retry', execution.executionId, 'a', '--db', file], cwd);
    expect(told).toMatchObject({ code: 0, stdout: `Began generation 2 of ${execution.executionId} (f). Process ${process.pid} runs it.\n` });
    expect(await execution.settled()).toMatchObject({ generation: 2, passed: true });
    await runtime.stop();
  });
});
