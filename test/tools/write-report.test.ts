import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, renderReport, reportSchema } from '../../src/tools/render-report.ts';
import { callTool, failureOf, makeFolder, outputOf } from './call-tool.ts';

const render = (report: unknown): string => renderReport(reportSchema.parse(report));

describe('renderReport', () => {
  it('renders facts, tables, lists, notes and a footer', () => {
    const columns = [
      { key: 'name', title: 'Name' },
      { key: 'path', title: 'Path', format: 'code' },
      { key: 'count', title: 'Count', format: 'number' },
      { key: 'size', title: 'Size', format: 'bytes' },
      { key: 'share', title: 'Share', format: 'percent' },
      { key: 'share', title: '', format: 'bar' },
      { key: 'at', title: 'Day', format: 'date' },
    ];
    const rows = [{ name: 'a', path: 'src/a.ts', count: 12_345, size: 2_048, share: 0.25, at: Date.UTC(2026, 0, 2) }, { name: 'b' }];
    const report = {
      title: 'T',
      intro: 'Intro.',
      facts: [{ label: 'Files', value: 3, format: 'number' }],
      sections: [{ heading: 'H', text: 'Text.', table: { columns, rows }, list: ['x', 'y'], note: 'Cut.' }, null],
      footer: 'End.',
    };
    expect(render(report)).toBe(
      [
        '# T',
        'Intro.',
        '| Files |\n| :---: |\n| **3** |',
        '## H',
        'Text.',
        [
          '| Name | Path | Count | Size | Share |  | Day |',
          '| :--- | :--- | ---: | ---: | ---: | :--- | :--- |',
          '| a | `src/a.ts` | 12,345 | 2.0 KiB | 25.0 % | `█████░░░░░░░░░░░░░░░` | 2026-01-02 |',
          '| b | – | – | – | – | – | – |',
        ].join('\n'),
        '- x\n- y',
        '> Cut.',
        '---',
        'End.\n',
      ].join('\n\n'),
    );
  });

  it('takes a single row for a list of one and nothing for an empty one', () => {
    const columns = { key: 'a', title: 'A' };
    expect(render({ title: 'T', sections: { heading: 'H', table: { columns, rows: { a: 'x' } } } })).toContain('| A |\n| :--- |\n| x |');
    expect(render({ title: 'T', sections: [{ heading: 'H', table: { columns, empty: 'None.' } }] })).toContain('_None._');
  });

  it('never lets a value out of its cell, whatever it holds', () => {
    const nasty = fc.array(fc.constantFrom('|', '\\|', '\n', '\r', '`', '\\', '<b>', '*', '_', '[x](y)', 'a', ' '), { maxLength: 12 }).map(parts => parts.join(''));
    fc.assert(
      fc.property(nasty, nasty, (text, code) => {
        const columns = [
          { key: 'text', title: 'Text' },
          { key: 'code', title: 'Code', format: 'code' },
        ];
        const lines = render({ title: 'T', sections: [{ heading: 'H', table: { columns, rows: [{ text, code }] } }] }).trimEnd().split('\n');
        expect(lines).toHaveLength(7);
        // Renderers read a backslash either as escaping the bar after it, or as escaping whatever comes after it.
        expect((lines[6] as string).match(/(?<!\\)\|/g)).toHaveLength(3);
        expect((lines[6] as string).replace(/\\./g, '').match(/\|/g)).toHaveLength(3);
      }),
    );
  });

  it('writes sizes with their unit', () => {
    expect([0, 1, 1_023, 1_024, 1_536, 1_048_576, 5 * 1024 ** 4, 1024 ** 6].map(formatBytes)).toEqual([
      '0 B',
      '1 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '1.0 MiB',
      '5.0 TiB',
      '1048576.0 TiB',
    ]);
  });
});

describe('report.write', () => {
  const report = { title: 'T', sections: [{ heading: 'H', text: 'x' }] };

  it('writes the file, in new folders too, and nothing beside it', async () => {
    const folder = await makeFolder();
    const output = await outputOf('report.write', { folder, file: 'docs/out/r.md', ...report });
    expect(output).toMatchObject({ path: path.join(folder, 'docs/out/r.md'), bytes: 13, sections: 1, changed: true });
    expect(await readFile(path.join(folder, 'docs/out/r.md'), 'utf8')).toBe('# T\n\n## H\n\nx\n');
    expect(await readdir(path.join(folder, 'docs/out'))).toEqual(['r.md']);
  });

  it('leaves a file alone that is as it should be', async () => {
    const folder = await makeFolder();
    const first = await outputOf('report.write', { folder, file: 'r.md', ...report });
    const before = await stat(path.join(folder, 'r.md'));
    const second = await outputOf('report.write', { folder, file: 'r.md', ...report });
    expect(second).toEqual({ ...(first as object), changed: false });
    expect((await stat(path.join(folder, 'r.md'))).ino).toBe(before.ino);
  });

  it('replaces what an attempt that was cut off left behind, and writes through no link put in its place', async () => {
    const folder = await makeFolder();
    const other = await makeFolder({ 'precious.md': 'keep' });
    const beside = `.r.md.${createHash('sha256').update('k').digest('hex').slice(0, 12)}.tmp`;
    await symlink(path.join(other, 'precious.md'), path.join(folder, beside));
    await outputOf('report.write', { folder, file: 'r.md', ...report }, { idempotencyKey: 'k' });
    expect(await readdir(folder)).toEqual(['r.md']);
    expect(await readFile(path.join(other, 'precious.md'), 'utf8')).toBe('keep');
  });

  it('refuses to write outside its folder, links included', async () => {
    const folder = await makeFolder();
    const other = await makeFolder({ 'precious.md': 'keep' });
    await symlink(other, path.join(folder, 'out'));
    await symlink(path.join(other, 'precious.md'), path.join(folder, 'r.md'));
    for (const file of ['../r.md', path.join(other, 'r.md'), 'out/r.md', 'r.md', 'a/../../r.md']) {
      expect(await failureOf('report.write', { folder, file, ...report })).toMatchObject({ code: 'path_outside_folder', retryable: false });
    }
    expect(await readdir(other)).toEqual(['precious.md']);
    expect(await readFile(path.join(other, 'precious.md'), 'utf8')).toBe('keep');
  });

  it('fails with a code when the file cannot be written', async () => {
    const folder = await makeFolder({ 'plain': '' });
    await mkdir(path.join(folder, 'dir.md'));
    for (const file of ['dir.md', 'plain/r.md']) {
      expect(await failureOf('report.write', { folder, file, ...report })).toMatchObject({ code: 'report_write_failed', retryable: false });
    }
  });

  it('writes nothing after an abort', async () => {
    const folder = await makeFolder();
    await expect(callTool('report.write', { folder, file: 'r.md', ...report }, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
    expect(await readdir(folder)).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('keeps the old file when the folder is read-only', async () => {
    const folder = await makeFolder({ 'r.md': 'old' });
    await chmod(folder, 0o555);
    expect(await failureOf('report.write', { folder, file: 'r.md', ...report })).toMatchObject({ code: 'report_write_failed' });
    await chmod(folder, 0o755);
    expect(await readFile(path.join(folder, 'r.md'), 'utf8')).toBe('old');
    await writeFile(path.join(folder, 'r.md'), '');
  });
});
