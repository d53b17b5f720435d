import { symlink } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveFolder, resolveInside } from '../../src/tools/folder.ts';
import { makeFolder } from './call-tool.ts';

const outside = { failure: { code: 'path_outside_folder', retryable: false } };

describe('resolveInside', () => {
  it('accepts files in the folder, there or not', async () => {
    const folder = await makeFolder({ 'a/b.txt': '' });
    for (const file of ['a/b.txt', './a/../c.txt', 'new/deep/x.md', '..almost']) {
      expect(await resolveInside(folder, file)).toBe(path.join(folder, file));
    }
  });

  it('refuses paths that leave the folder', async () => {
    const folder = await makeFolder({ 'a/b.txt': '' });
    for (const file of ['..', '../x', 'a/../../x', '/etc/passwd', '.', '', 'a/..', `${folder}x/y`, 'a\0b']) {
      await expect(resolveInside(folder, file), file).rejects.toMatchObject(outside);
    }
  });

  it('refuses links that lead out, also by folder, also to nowhere', async () => {
    const folder = await makeFolder({ 'in/x': '' });
    const other = await makeFolder({ 'secret': '' });
    await symlink(path.join(other, 'secret'), path.join(folder, 'file-link'));
    await symlink(other, path.join(folder, 'folder-link'));
    await symlink(path.join(other, 'not-yet'), path.join(folder, 'dangling'));
    await symlink('in', path.join(folder, 'fine'));
    for (const file of ['file-link', 'folder-link/new', 'folder-link', 'dangling']) {
      await expect(resolveInside(folder, file), file).rejects.toMatchObject(outside);
    }
    expect(await resolveInside(folder, 'fine/x')).toBe(path.join(folder, 'fine/x'));
  });

  it('never yields a path outside, whatever the parts', async () => {
    const folder = await makeFolder({ 'a/b/c': '' });
    const part = fc.constantFrom('..', '.', 'a', 'b', '', '...', '~', 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), fc.boolean(), async (parts, rooted) => {
        const file = (rooted ? '/' : '') + parts.join('/');
        const resolved = await resolveInside(folder, file).catch(() => undefined);
        expect(resolved === undefined || resolved.startsWith(folder + path.sep)).toBe(true);
      }),
    );
  });
});

describe('resolveFolder', () => {
  it('fails for what is not a folder', async () => {
    const folder = await makeFolder({ file: '' });
    for (const name of ['file', 'gone']) {
      await expect(resolveFolder(path.join(folder, name))).rejects.toMatchObject({ failure: { code: 'folder_not_found', retryable: false } });
    }
  });
});
