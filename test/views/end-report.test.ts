import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteReader } from '../../src/open-records.ts';
import { renderReport } from '../../src/report.ts';
import { gather } from '../../src/views/read-history.ts';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => folder.remove());
const db = ['--db', 'reports.db'];

writeFileSync(join(cwd, 'plan.yml'), `id: plan
output_dir: ${JSON.stringify(join(cwd, 'out'))}
steps:
  - { id: draft, uses: "tool:draft", artifacts: [{ name: draft.md, from: output }, { name: raw.json, kind: raw, from: output }] }
  - { id: sum, uses: "tool:sum", depends_on: [draft], artifacts: [{ name: sum.md, from: output }] }
  - { id: end, uses: "tool:draft", depends_on: [sum], artifacts: [{ name: end.md, from: output }, { name: end.csv, from: output }] }
  - { id: maybe, uses: "tool:draft", when: "{% false %}", artifacts: [{ name: maybe.md, from: output }] }
`);
writeFileSync(join(cwd, 'plain.yml'), 'id: plain\nsteps:\n  - { id: a, uses: "tool:draft" }\n');
writeFileSync(join(cwd, 'taken.yml'), `id: taken\noutput_dir: ${JSON.stringify(join(cwd, 'taken'))}\nsteps:\n  - { id: a, uses: "tool:draft", artifacts: [{ name: Report.html, from: output }] }\n`);
writeFileSync(join(cwd, 'tools.mjs'), 'export const draft = () => "# Draft\\n\\nAll <b>of</b> it.";\nexport const sum = () => { throw new Error("no <model> answered"); };\n');
const tools = ['--tools', 'tools.mjs'];

describe('the report at the end of a run', () => {
  it('lies in the output folder, also of a failed run, and names what is missing with the reason', async () => {
    const { code, stdout } = await run(['run', 'plan.yml', ...tools, ...db, '--json'], cwd);
    const { report, executionId, passed } = JSON.parse(stdout);
    expect([code, passed, report]).toEqual([1, false, join(cwd, 'out', 'report.html')]);
    const page = readFileSync(report, 'utf8');
    expect(page).toContain('All &lt;b&gt;of&lt;/b&gt; it.');
    // draft.md and raw.json of sum.md, end.md and end.csv besides; maybe.md was never to be made.
    expect(page).toContain('40 % complete');
    expect([...page.matchAll(/<td>([\w.]+)<\/td><td>(\w+)<\/td><td><span class="badge \w+">(\w+)<\/span><\/td><td class="wide">([^<]*)</g)].map(match => match.slice(1))).toEqual([
      ['sum.md', 'sum', 'failed', 'tool_threw: no &lt;model&gt; answered'],
      ['end.md', 'end', 'skipped', expect.stringContaining('sum')],
      ['end.csv', 'end', 'skipped', expect.stringContaining('sum')],
    ]);
    expect(page).toContain(executionId);
    // The same bytes as on request, but for when it was written.
    const exported = await run(['export', executionId, '--format', 'html', ...db], cwd);
    const undated = (text: string): string => text.replace(/Written [\d: -]+ by/, '');
    expect(undated(exported.stdout)).toBe(undated(page));
  });

  it('lies where it is asked for, and nowhere without being asked when there is no folder', async () => {
    const asked = await run(['run', 'plain.yml', ...tools, ...db, '--report', 'mine.html'], cwd);
    expect(asked.code).toBe(0);
    expect(asked.stdout).toContain(join(cwd, 'mine.html'));
    expect(readFileSync(join(cwd, 'mine.html'), 'utf8')).toContain('100 % complete');
    const before = readdirSync(cwd);
    const plain = await run(['run', 'plain.yml', '--new', ...tools, ...db, '--json'], cwd);
    expect(JSON.parse(plain.stdout)).not.toHaveProperty('report');
    expect(readdirSync(cwd)).toEqual(before);
  });

  it('takes no file from an artifact, and does not fail a run when it cannot be written', async () => {
    const { stdout } = await run(['run', 'taken.yml', ...tools, ...db, '--json'], cwd);
    expect(JSON.parse(stdout).report).toBe(join(cwd, 'taken', 'execution-report.html'));
    mkdirSync(join(cwd, 'folder.html'));
    const failed = await run(['run', 'plain.yml', '--new', ...tools, ...db, '--report', 'folder.html'], cwd);
    expect(failed.code).toBe(0);
    expect(failed.stdout).toMatch(/The report of [\w-]+ could not be written/);
    expect(existsSync(join(cwd, 'folder.html'))).toBe(true);
  });

  it('can be made by a program, of any generation, or not at all', async () => {
    const reader = openSqliteReader({ file: join(cwd, 'reports.db') });
    try {
      const [record] = reader.listExecutions({ flowId: 'plan' });
      const page = (await gather(renderReport(reader, record?.executionId ?? '', { generation: 1, now: 0 }))).join('');
      expect(page).toContain('40 % complete');
      await expect(gather(renderReport(reader, 'nobody'))).rejects.toMatchObject({ code: 'execution_not_found' });
    } finally {
      reader.close();
    }
  });
});
