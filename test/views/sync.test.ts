import { readdirSync, copyFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolder, run as runIn } from './program-harness.ts';

const fixtures = join(import.meta.dirname, '../fixtures/reev/benchmarks');
const tools = join(import.meta.dirname, '../../docs/examples/ledger/tools.ts');
let folder: ReturnType<typeof createFolder>;
beforeEach(() => void (folder = createFolder()));
afterEach(() => folder.remove());

/** With a database of its own: the platform's default one is somebody's. */
const run = (argv: readonly string[], cwd: string) => runIn(argv, cwd, { FLOWSTONE_DB: join(cwd, 'own.db') });

interface Document {
  readonly flows: readonly { readonly flowId: string; readonly status: string }[];
  readonly invalid: readonly { readonly file: string; readonly problems: readonly { readonly code: string; readonly place: { readonly line?: number } }[] }[];
  readonly gone: readonly { readonly flowId: string }[];
}

describe('sync', () => {
  it('takes the predecessor\'s sixteen files over, says what has changed, and is harmless when repeated', async () => {
    const flows = join(folder.path, 'flows');
    mkdirSync(flows);
    for (const file of readdirSync(fixtures)) if (file.endsWith('.yml')) copyFileSync(join(fixtures, file), join(flows, file));
    const sync = async (): Promise<{ code: number | null; document: Document }> => {
      const { code, stdout } = await run(['sync', 'flows', '--tools', tools, '--json'], folder.path);
      return { code, document: JSON.parse(stdout) as Document };
    };
    const counts = ({ document }: { document: Document }): unknown => ({ ...Object.fromEntries([...Map.groupBy(document.flows, ({ status }) => status)].map(([status, list]) => [status, list.length])), invalid: document.invalid.length });
    const first = await sync();
    expect([first.code, counts(first)]).toEqual([0, { new: 16, invalid: 0 }]);
    expect(counts(await sync())).toEqual({ unchanged: 16, invalid: 0 });

    writeFileSync(join(flows, '001-sol-transfer.yml'), 'id: 001-sol-transfer\nsteps:\n  - { id: a, uses: exec, with: { command: "true" } }\n');
    writeFileSync(join(flows, '900.yml'), 'id: broken\nsteps:\n  - { id: a, uses: exex }\n');
    writeFileSync(join(flows, '901.yml'), 'id: 001-sol-transfer\nsteps:\n  - { id: b, uses: exec, with: { command: "true" } }\n');
    rmSync(join(flows, '002-spl-transfer.yml'));
    const second = await sync();
    expect([second.code, counts(second)]).toEqual([2, { changed: 1, unchanged: 14, invalid: 2 }]);
    expect(second.document.invalid.map(({ problems: [problem] }) => [problem?.code, problem?.place.line])).toEqual([['invalid_value', 3], ['duplicate_flow', undefined]]);
    expect(second.document.gone.map(({ flowId }) => flowId)).toEqual(['002-spl-transfer']);
  });

  it('lets flows be run by their id, with what they came to', async () => {
    expect((await run(['sync', join(tools, '..'), '--tools', tools], folder.path)).code).toBe(0);
    const { code, stdout } = await run(['run', 'swap-then-lend', '--tools', tools, '--agent', 'me', '--json'], folder.path);
    const { executionId, score, assertions } = JSON.parse(stdout) as { executionId: string; score: number; assertions: readonly { id: string; result: string; weight: number }[] };
    expect([code, score, assertions.map(({ id, result }) => [id, result])]).toEqual([0, 1, [['spent_half', 'passed'], ['less_sol', 'passed'], ['usdc_untouched', 'passed'], ['position', 'passed']]]);
    const shown = (await run(['show', executionId], folder.path)).stdout;
    expect(shown).toMatch(/agent me/);
    expect(shown).toMatch(/less_sol +passed +1 +change_lte +-2002049280 ≤ -2000000000/);
    expect(JSON.parse((await run(['show', executionId, '--json'], folder.path)).stdout)).toMatchObject({ labels: { agent: 'me' }, assertions });
    expect((await run(['run', 'nothing-like-that', '--tools', tools], folder.path)).code).toBe(2);
  });

  it('stays in its folder, whatever links are in it, and names files as they lie there', async () => {
    const text = (id: string): string => `id: ${id}\nsteps:\n  - { id: a, uses: exec, with: { command: "true" } }\n`;
    for (const name of ['flows/below', 'outside', 'elsewhere']) mkdirSync(join(folder.path, name), { recursive: true });
    writeFileSync(join(folder.path, 'outside/secret.yml'), text('secret'));
    writeFileSync(join(folder.path, 'flows/below/plain.yml'), text('plain'));
    symlinkSync(join(folder.path, 'outside/secret.yml'), join(folder.path, 'flows/link.yml'));
    symlinkSync(join(folder.path, 'outside'), join(folder.path, 'flows/folder'));
    symlinkSync(join(folder.path, 'nowhere.yml'), join(folder.path, 'flows/lost.yml'));
    symlinkSync(join(folder.path, 'flows'), join(folder.path, 'flows/round'));
    writeFileSync(join(folder.path, 'flows/a\u202Eb.yml'), 'id: [');
    const { code, stdout } = await run(['sync', '../flows'], join(folder.path, 'elsewhere'));
    const lines = stdout.split('\n').map(line => line.replace(/ {2,}/g, '  '));
    expect([code, lines[0]]).toEqual([2, expect.stringMatching(/^new {2}plain {2}[0-9a-f]{12} {2}below\/plain\.yml$/)]);
    expect(lines.filter(line => line.includes('path_outside_folder'))).toEqual([expect.stringMatching(/^invalid {2}link\.yml: .*out of it/), expect.stringMatching(/^invalid {2}lost\.yml: .*nowhere/)]);
    expect([lines.some(line => line.startsWith('invalid  ab.yml:')), stdout.includes('secret'), stdout.includes('..')]).toEqual([true, false, false]);
  });

  it('says what it was not given', async () => {
    const { code, stderr } = await run(['sync', 'nowhere'], folder.path);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Expected DIR to be a folder of definitions')]);
  });
});

describe('stats', () => {
  it('shows what each agent came to', async () => {
    const file = join(folder.path, 'a.yml');
    writeFileSync(file, 'id: a\ninput: { properties: { fail: { type: boolean } } }\nsteps:\n  - { id: s, uses: exec, with: { command: node, args: ["-e", "process.exit({% input.fail ? 1 : 0 %})"] } }\n');
    expect(JSON.parse((await run(['stats', '--json'], folder.path)).stdout)).toMatchObject({ groups: [] });
    await run(['run', 'a.yml', '--agent', 'first', '--label', 'branch=main'], folder.path);
    await run(['run', 'a.yml', '--agent', 'first', '--input', '{"fail":true}'], folder.path);
    await run(['run', 'a.yml', '--agent', 'second'], folder.path);
    const { stdout } = await run(['stats', '--by', 'agent', '--json'], folder.path);
    const { groups } = JSON.parse(stdout) as { groups: readonly { group: string; runs: number; passed: number; meanScore: number; days: readonly unknown[] }[] };
    expect(groups.map(({ group, runs, passed, meanScore, days }) => [group, runs, passed, meanScore, days.length])).toEqual([['second', 1, 1, 1, 1], ['first', 2, 1, 0.5, 1]]);
    const { stdout: text } = await run(['stats'], folder.path);
    expect(text).toMatch(/first\s+2\s+1 of 2 \(50 %\)\s+0\.5/);
    expect((await run(['stats', '--by', 'branch'], folder.path)).stdout).toMatch(/main\s+1/);
    const listed = JSON.parse((await run(['list', '--label', 'agent=first', '--json'], folder.path)).stdout) as { executions: readonly { passed: boolean }[] };
    expect(listed.executions.map(({ passed }) => passed)).toEqual([false, true]);
    expect(JSON.parse((await run(['list', '--label', 'agent=first', '--limit', '1', '--json'], folder.path)).stdout)).toMatchObject({ executions: [{ passed: false }] });
    expect((await run(['run', 'a.yml', '--label', 'nothing'], folder.path)).code).toBe(2);
  });
});
