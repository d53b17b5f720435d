import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../src/views/export/write-file.ts';
import { createFolder } from './program-harness.ts';

const folder = createFolder();
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);

async function* breaking(): AsyncGenerator<string> {
  yield 'half';
  await Promise.resolve();
  throw new Error('The source broke');
}

describe('writing a file', () => {
  it('puts all of it in place, or nothing, and leaves nothing beside', async () => {
    await writeFileAtomically(at('a.txt'), ['one ', new TextEncoder().encode('two')]);
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('one two');
    await expect(writeFileAtomically(at('a.txt'), breaking())).rejects.toThrow('The source broke');
    await expect(writeFileAtomically(at('b.txt'), breaking())).rejects.toThrow('The source broke');
    expect(readFileSync(at('a.txt'), 'utf8')).toBe('one two');
    // As after a crash of a process with this number.
    writeFileSync(at(`a.txt.${process.pid}.tmp`), 'left');
    await writeFileAtomically(at('a.txt'), ['three']);
    expect([readdirSync(folder.path), readFileSync(at('a.txt'), 'utf8')]).toEqual([['a.txt'], 'three']);
  });

  it('follows a link, and keeps who may read the file', async () => {
    writeFileSync(at('secret.txt'), 'old');
    chmodSync(at('secret.txt'), 0o600);
    symlinkSync(at('secret.txt'), at('link.txt'));
    await writeFileAtomically(at('link.txt'), ['new']);
    expect(lstatSync(at('link.txt')).isSymbolicLink()).toBe(true);
    expect([readFileSync(at('secret.txt'), 'utf8'), statSync(at('secret.txt')).mode & 0o777]).toEqual(['new', 0o600]);
  });

  it('refuses what is no file, and folders that are not there', async () => {
    mkdirSync(at('folder'));
    await expect(writeFileAtomically(at('folder'), ['x'])).rejects.toMatchObject({ code: 'file_unwritable', message: expect.stringContaining('it is a folder') });
    await expect(writeFileAtomically('/dev/null', ['x'])).rejects.toMatchObject({ code: 'file_unwritable' });
    await expect(writeFileAtomically(at('missing/a.txt'), ['x'])).rejects.toMatchObject({ code: 'file_unwritable' });
  });
});
