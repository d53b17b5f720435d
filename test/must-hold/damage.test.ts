import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedColumns } from '../../src/core/stored-value.ts';
import { askProgram, askRuntime, changedParent, makeDatabase } from './damage.ts';
import type { Told } from './damage.ts';

/** What a column comes to hold, as SQL: text that is no JSON, JSON that was cut, JSON of another form, bytes that are no text. */
const damages = { garbage: `'garbage'`, cut: `substr(COLUMN, 1, max(1, length(COLUMN) - 1)) || '"'`, form: `'7'`, bytes: `CAST(x'ff00fe' AS TEXT)` };
/** Values of authors and callers may have any form. */
const anyForm = ['attempts.output', 'journal.outputs', 'inputs.input', 'signals.payload', 'messages.payload', 'message_payloads.payload'];

/** Columns of views: what they show is in the journal. */
const shown = (column: string): boolean => column.startsWith('steps.') || column.startsWith('attempts.');

const folder = mkdtempSync(join(tmpdir(), 'flowstone-damage-'));
const whole = join(folder, 'whole.db');
let ids: string[];
beforeAll(async () => void (ids = await makeDatabase(whole)));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function askAll(damage: string | undefined): Promise<Told> {
  const told: Told = new Map();
  const file = join(folder, 'flowstone.db');
  const copy = (): void => {
    for (const suffix of ['', '-wal', '-shm', '-owner']) rmSync(file + suffix, { force: true });
    copyFileSync(whole, file);
    const database = new Database(file);
    if (damage !== undefined) database.exec(damage);
    database.close();
  };
  copy();
  await askProgram(file, ids, told);
  await askRuntime(file, ids, told);
  copy();
  await askRuntime(file, ids, told, changedParent);
  return told;
}


describe('damaged rows', () => {
  it('are none where nothing is damaged', async () => {
    const told = await askAll(undefined);
    expect([...told].flatMap(([door, found]) => (found.code === undefined ? [] : [`${door}: ${found.code}`])).filter(text => !text.startsWith('changed: ') || !text.endsWith('machine_changed'))).toEqual([]);
  });

  const cases = Object.keys(storedColumns).filter(column => !shown(column)).flatMap(column => Object.keys(damages).filter(damage => damage !== 'form' || !anyForm.includes(column)).map(damage => [column, damage] as const));
  it.each(cases)('are told with table and key at every door: %s, %s', async (column, damage) => {
    const [table, name] = column.split('.') as [string, string];
    // Long or short, it is the message's payload.
    const [doorTable, doorName] = table === 'message_payloads' ? ['messages', name] : column === 'journal.outputs' ? ['attempts', 'output'] : [table, name];
    const value = damages[damage as keyof typeof damages].replaceAll('COLUMN', name);
    const told = await askAll(`UPDATE ${table} SET ${name} = ${column === 'outbox.failure' ? value.replace('substr(failure, 1, max(1, length(failure) - 1))', `'{'`) : `${value} WHERE ${name} IS NOT NULL`}`);
    const found = [...told].flatMap(([door, what]) => (what.code === undefined ? [] : [[door, { ...what, code: what.code }] as const]));
    expect(found.filter(([, { code }]) => !['store_damaged', 'execution_unreadable', 'machine_changed'].includes(code)).map(([door, { code, text }]) => `${door}: ${code} ${text}`)).toEqual([]);
    expect(told.get('doctor')?.text ?? '').toContain(`\`${table}\``);
    expect(found.filter(([door, { text }]) => door !== 'doctor' && text.includes(doorTable) && text.includes(doorName)).length, [...told.keys()].join()).toBeGreaterThan(0);
  });

  it('are told of one item of a list, too', async () => {
    const isOne = 'v.value ->> 3 = 1';
    const lines = `SELECT group_concat(CASE WHEN ${isOne} THEN '{' ELSE ('[' || replace(outputs, char(10), ',') || ']') -> ('$[' || v.key || ']') END, char(10)) FROM json_each(changes, '$.d') AS v`;
    const told = await askAll(`UPDATE journal SET outputs = (${lines}) WHERE EXISTS (SELECT 1 FROM json_each(changes, '$.d') AS v WHERE ${isOne})`);
    expect([...told].filter(([, { code }]) => code !== undefined && !['store_damaged', 'execution_unreadable', 'machine_changed'].includes(code))).toEqual([]);
    expect(told.get('runtime: get 0')).toMatchObject({ code: 'store_damaged', text: expect.stringContaining('/1 of `attempts`') });
  });
});
