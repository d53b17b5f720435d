import { execFileSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureOf, makeFolder, outputOf } from './call-tool.ts';

function commit(folder: string, subject: string, author: string, at: string): void {
  const env = { ...process.env, GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: author, GIT_COMMITTER_EMAIL: 'a@example.org' };
  execFileSync('git', ['add', '.'], { cwd: folder });
  execFileSync('git', ['commit', '-q', '--allow-empty', '-m', subject], { cwd: folder, env: { ...env, GIT_AUTHOR_DATE: at, GIT_COMMITTER_DATE: at } });
}

describe('git.history', () => {
  it('sums up commits, authors and months', async () => {
    const folder = await makeFolder({ 'a.txt': '' });
    execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: folder });
    commit(folder, 'First', 'Ada', '2026-01-05T12:00:00Z');
    commit(folder, 'Second: "quotes" | pipes', 'Bob', '2026-02-05T12:00:00Z');
    commit(folder, 'Third', 'Ada', '2026-02-06T12:00:00Z');
    expect(await outputOf('git.history', { folder, newest: 2 })).toMatchObject({
      branch: 'main',
      commits: 3,
      truncated: false,
      authorCount: 2,
      authors: [
        { name: 'Ada', commits: 2 },
        { name: 'Bob', commits: 1 },
      ],
      byMonth: [
        { month: '2026-01', commits: 1 },
        { month: '2026-02', commits: 2 },
      ],
      firstAt: Date.parse('2026-01-05T12:00:00Z'),
      lastAt: Date.parse('2026-02-06T12:00:00Z'),
      newest: [{ subject: 'Third' }, { subject: 'Second: "quotes" | pipes', author: 'Bob' }],
    });
    expect(await outputOf('git.history', { folder, maxCommits: 2 })).toMatchObject({ commits: 2, truncated: true });
  });

  it('counts only commits that touched a folder within the repository', async () => {
    const folder = await makeFolder({ 'sub/a.txt': '' });
    execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: folder });
    commit(folder, 'Sub', 'Ada', '2026-01-05T12:00:00Z');
    commit(folder, 'Other', 'Ada', '2026-01-06T12:00:00Z');
    expect(await outputOf('git.history', { folder: path.join(folder, 'sub') })).toMatchObject({ commits: 1, newest: [{ subject: 'Sub' }] });
  });

  it('takes a repository without a commit', async () => {
    const folder = await makeFolder();
    execFileSync('git', ['init', '-q'], { cwd: folder });
    expect(await outputOf('git.history', { folder })).toMatchObject({ commits: 0, authors: [], firstAt: null, newest: [] });
  });

  it('does not retry without a repository', async () => {
    const folder = await makeFolder();
    expect(await failureOf('git.history', { folder })).toMatchObject({ code: 'git_not_a_repository', retryable: false });
  });
});

describe('package.dependencies', () => {
  it('lists direct dependencies with locked versions and licences', async () => {
    const folder = await makeFolder({
      'package.json': JSON.stringify({ name: 'p', version: '1.0.0', dependencies: { a: '^1.0.0', '@s/b': '2' }, devDependencies: { c: '*', d: '*' } }),
      'package-lock.json': JSON.stringify({ packages: { '': {}, 'node_modules/a': { version: '1.2.3', license: 'MIT' }, 'node_modules/x': { version: '1.0.0' } } }),
      'node_modules/@s/b/package.json': JSON.stringify({ version: '2.0.1', license: 'ISC' }),
      'node_modules/c/package.json': JSON.stringify({ version: '3.0.0', licenses: [{ type: 'MIT' }, { type: 'BSD' }] }),
    });
    expect(await outputOf('package.dependencies', { folder })).toEqual({
      name: 'p',
      version: '1.0.0',
      dependencies: [
        { name: 'a', kind: 'dependencies', range: '^1.0.0', version: '1.2.3', licence: 'MIT' },
        { name: '@s/b', kind: 'dependencies', range: '2', version: '2.0.1', licence: 'ISC' },
        { name: 'c', kind: 'devDependencies', range: '*', version: '3.0.0', licence: 'MIT OR BSD' },
        { name: 'd', kind: 'devDependencies', range: '*', version: null, licence: null },
      ],
      licences: [
        { licence: 'ISC', packages: 1 },
        { licence: 'MIT', packages: 1 },
        { licence: 'MIT OR BSD', packages: 1 },
        { licence: 'unknown', packages: 1 },
      ],
      lockedPackages: 2,
    });
  });

  it('reads nothing through names that leave the folder', async () => {
    const outside = await makeFolder({ 'package.json': JSON.stringify({ version: '6.6.6', license: 'SECRET' }) });
    const folder = await makeFolder({ 'package.json': JSON.stringify({ dependencies: { '../../../../../../etc': '*', 'linked': '*' } }), 'node_modules/x/y': '' });
    await symlink(outside, path.join(folder, 'node_modules', 'linked'));
    expect(await outputOf('package.dependencies', { folder })).toMatchObject({ dependencies: [{ version: null }, { version: null, licence: null }], lockedPackages: null });
  });

  it('fails for good without a package, or with a broken one', async () => {
    expect(await failureOf('package.dependencies', { folder: await makeFolder() })).toMatchObject({ code: 'package_not_found', retryable: false });
    for (const text of ['{', '[]', '{"dependencies": 3}', '{"name": {}}']) {
      expect(await failureOf('package.dependencies', { folder: await makeFolder({ 'package.json': text }) })).toMatchObject({ code: 'package_invalid', retryable: false });
    }
  });
});
