import { execFileSync } from 'node:child_process';
import { chmod, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { callTool, failureOf, makeFolder, outputOf } from './call-tool.ts';

interface Listing {
  readonly source: string;
  readonly totals: { readonly files: number; readonly bytes: number };
  readonly files: readonly { readonly path: string }[];
  readonly languages: readonly object[];
  readonly folders: readonly object[];
  readonly truncated: boolean;
}

const toPaths = ({ files }: { readonly files: readonly { readonly path: string }[] }): string[] => files.map(file => file.path);

describe('files.list', () => {
  it('honours .gitignore in a checkout, and lists what is not yet added', async () => {
    const folder = await makeFolder({ '.gitignore': 'out/\n*.log\n', 'a.ts': 'let a;\n', 'sub/ä b.md': '# x\n', 'out/x.js': '', 'y.log': '', 'gone.ts': '' });
    execFileSync('git', ['init', '-q'], { cwd: folder });
    execFileSync('git', ['add', 'a.ts', 'gone.ts'], { cwd: folder });
    await rm(path.join(folder, 'gone.ts'));
    const listing = await outputOf<Listing>('files.list', { folder });
    expect(listing).toMatchObject({ source: 'git', totals: { files: 3, bytes: 22 }, truncated: false });
    expect(toPaths(listing)).toEqual(['.gitignore', 'a.ts', 'sub/ä b.md']);
    expect(toPaths(await outputOf<Listing>('files.list', { folder: path.join(folder, 'sub') }))).toEqual(['ä b.md']);
  });

  it('walks other folders and leaves caches out', async () => {
    const folder = await makeFolder({ 'a.py': 'x', '.hidden': '', 'node_modules/p/i.js': '', 'deep/er/b.py': 'xx', 'deep/__pycache__/b.pyc': '' });
    const listing = await outputOf<Listing>('files.list', { folder });
    expect(listing.source).toBe('walk');
    expect(toPaths(listing)).toEqual(['.hidden', 'a.py', 'deep/er/b.py']);
    expect(listing.languages).toEqual([
      { name: 'Python', files: 2, bytes: 3 },
      { name: 'Other', files: 1, bytes: 0 },
    ]);
    expect(listing.folders).toEqual([
      { name: 'deep', files: 1, bytes: 2 },
      { name: '.', files: 2, bytes: 1 },
    ]);
  });

  it('neither follows nor lists links', async () => {
    const folder = await makeFolder({ 'a/x.ts': '' });
    await symlink('/etc', path.join(folder, 'etc'));
    await symlink('.', path.join(folder, 'loop'));
    await symlink('a/x.ts', path.join(folder, 'y.ts'));
    expect(toPaths(await outputOf<Listing>('files.list', { folder }))).toEqual(['a/x.ts']);
  });

  it('leaves out files and folders on demand', async () => {
    const folder = await makeFolder({ 'report.md': '', 'out/a': '', 'output': '', 'b': '' });
    expect(toPaths(await outputOf<Listing>('files.list', { folder, exclude: ['./report.md', 'out/'] }))).toEqual(['b', 'output']);
  });

  it('cuts the list and says so, but not the totals', async () => {
    const folder = await makeFolder(Object.fromEntries(Array.from({ length: 30 }, (_, place) => [`f${place}.ts`, 'x'])));
    const listing = await outputOf<Listing>('files.list', { folder, maxFiles: 10 });
    expect(listing).toMatchObject({ truncated: true, totals: { files: 30, bytes: 30 }, languages: [{ files: 30 }] });
    expect(listing.files).toHaveLength(10);
  });

  it('takes an empty folder, and fails without one', async () => {
    const folder = await makeFolder();
    expect(await outputOf('files.list', { folder })).toMatchObject({ totals: { files: 0, bytes: 0 }, languages: [], files: [] });
    expect(await failureOf('files.list', { folder: path.join(folder, 'gone') })).toMatchObject({ code: 'folder_not_found', retryable: false });
  });

  it('rejects with the reason of an abort', async () => {
    const folder = await makeFolder({ a: '' });
    await expect(callTool('files.list', { folder }, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });
});

describe('files.lines', () => {
  const files = { 'a.ts': '// a\nlet a;\n\n', 'b.ts': 'let b;', 'c.py': '# c\nc = 1\n', 'd.bin': Buffer.from([1, 0, 2]), 'e.ts': 'x'.repeat(100) };

  it('counts a folder per language and skips binary and large files', async () => {
    const folder = await makeFolder(files);
    expect(await outputOf('files.lines', { folder, maxFileBytes: 50 })).toEqual({
      language: null,
      totals: { files: 3, lines: 6, code: 3, comments: 2, blank: 1 },
      languages: [
        { name: 'TypeScript', files: 2, lines: 4, code: 2, comments: 1, blank: 1 },
        { name: 'Python', files: 1, lines: 2, code: 1, comments: 1, blank: 0 },
      ],
      longest: { path: 'a.ts', lines: 3 },
      skipped: { binary: 1, tooLarge: 1, missing: 0 },
    });
  });

  it('counts one language, or the files it is given', async () => {
    const folder = await makeFolder(files);
    expect(await outputOf('files.lines', { folder, language: 'Python' })).toMatchObject({ language: 'Python', totals: { files: 1, lines: 2 } });
    expect(await outputOf('files.lines', { folder, files: ['a.ts', 'c.py', 'gone.ts'] })).toMatchObject({ totals: { files: 2, lines: 5 }, skipped: { missing: 1 } });
    expect(await outputOf('files.lines', { folder, language: 'Cobol' })).toMatchObject({ totals: { files: 0 }, longest: null });
  });

  it('refuses files outside the folder', async () => {
    const folder = await makeFolder(files);
    await symlink('/etc/passwd', path.join(folder, 'link.ts'));
    for (const file of ['../x.ts', '/etc/passwd', 'link.ts']) {
      expect(await failureOf('files.lines', { folder, files: [file] })).toMatchObject({ code: 'path_outside_folder', retryable: false });
    }
  });
});

describe('files.largest', () => {
  it('returns the largest first', async () => {
    const folder = await makeFolder({ 'a.ts': 'x', 'b.md': 'xxx', 'c': 'xx' });
    expect(await outputOf('files.largest', { folder, limit: 2 })).toEqual({
      files: [
        { path: 'b.md', bytes: 3, language: 'Markdown' },
        { path: 'c', bytes: 2, language: 'Other' },
      ],
    });
  });
});

describe('files.duplicates', () => {
  it('groups files of the same content and reads only those of the same size', async () => {
    const folder = await makeFolder({ 'a': 'same', 'b/c': 'same', 'd': 'diff', 'e': 'longer', 'f': '', 'g': '', 'h': 'twins!!', 'i': 'twins!!' });
    expect(await outputOf('files.duplicates', { folder })).toMatchObject({
      groups: [
        { bytes: 7, copies: 2, paths: ['h', 'i'] },
        { bytes: 4, copies: 2, paths: ['a', 'b/c'], sha256: '0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5' },
      ],
      totals: { groups: 2, duplicates: 2, wastedBytes: 11 },
      hashed: 5,
      truncated: false,
    });
  });

  it('cuts groups and paths, but not the totals', async () => {
    const copies = Array.from({ length: 60 }, (_, place) => [`copy-${String(place).padStart(2, '0')}`, 'same content'] as const);
    const folder = await makeFolder({ ...Object.fromEntries(copies), 'x': 'ab', 'y': 'ab' });
    const output = await outputOf<{ groups: { paths: string[] }[] }>('files.duplicates', { folder, maxGroups: 1 });
    expect(output).toMatchObject({ groups: [{ copies: 60, pathsTruncated: true }], totals: { groups: 2, duplicates: 60 }, truncated: true });
    expect(output.groups[0]?.paths).toHaveLength(50);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('passes over files that may not be read', async () => {
    const folder = await makeFolder({ a: 'same', b: 'same' });
    await chmod(path.join(folder, 'b'), 0);
    expect(await outputOf('files.duplicates', { folder })).toMatchObject({ groups: [], hashed: 1 });
  });
});
