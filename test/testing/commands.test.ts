import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { testKeptPaths } from '../../src/testing/test-kept-paths.ts';
import type { KeptPath } from '../../src/testing/test-paths.ts';
import { followPath } from '../../src/testing/test-paths.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const flowstone = async (...args: string[]): Promise<string> => (await run(process.execPath, ['src/bin.ts', ...args], { cwd: root })).stdout;

describe('flowstone paths', () => {
  it('writes paths as tests, each with what must happen, and one that changes the flow', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-emit-'));
    const out = join(folder, 'retry.paths.test.ts');
    expect(await flowstone('paths', 'docs/examples/retry.yml', '--emit', 'vitest', '--out', out)).toMatch(/^\d+ paths of retry written to /);
    const text = readFileSync(out, 'utf8');
    rmSync(folder, { recursive: true });
    expect(text).toContain("import { testKeptPaths } from 'flowstone/testing';");
    expect(text).toContain("name: 'everything completes; scored 1',");
    expect(text).toContain(`new URL('${relative(folder, join(root, 'docs/examples/retry.yml'))}', import.meta.url)`);
    const [, list] = /paths: (\[[\s\S]*\]) \}\);/.exec(text) ?? [];
    const paths = JSON.parse(JSON.stringify(runInNewContext(String(list)))) as KeptPath[];
    const tests = new Map<string, () => Promise<void>>();
    testKeptPaths(await loadFlow(join(root, 'docs/examples/retry.yml')), { test: (name, test) => tests.set(name, test), paths });
    expect([...tests.keys()].at(-1)).toBe('no change of the flow goes unnoticed');
    for (const test of tests.values()) await test();
  });

  it('draws what is covered, and marks what is not', async () => {
    const text = await flowstone('paths', 'docs/examples/retry.yml', '--emit', 'mermaid', '--limit', '1');
    expect(text).toMatch(/^flowchart LR\n/);
    expect(text).toMatch(/linkStyle [\d,]+ stroke:#cf222e/);
  });

  it('says which strategies there are', async () => {
    await expect(flowstone('paths', 'docs/examples/retry.yml', '--strategy', 'shortes')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('shortest') as unknown });
  });
});

describe('paths that were kept', () => {
  it('are followed as they are', async () => {
    const { paths } = JSON.parse(await flowstone('paths', 'docs/examples/approval.yml', '--json')) as { paths: KeptPath[] };
    const flow = await loadFlow(join(root, 'docs/examples/approval.yml'));
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) await followPath(flow, path);
  });
});

describe('flowstone test', () => {
  it('runs every path with a crash at every commit, and says so in numbers', async () => {
    const report = JSON.parse(await flowstone('test', 'docs/examples/sleep.yml', '--crash', '--seeds', '3', '--json')) as Record<string, number> & { transitions: { covered: number; total: number }; paths: unknown[] };
    expect(report.transitions.covered).toBe(report.transitions.total);
    expect(report.paths.length).toBeGreaterThan(10);
    expect(report['crashes']).toBeGreaterThan(100);
    expect(report).toMatchObject({ passed: true, divergences: 0, recoveries: report['crashes'] });
  });
});

describe('flowstone test --mutate', () => {
  it('says which changes went unnoticed, and fails for those that a path could tell', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-mutate-'));
    const file = join(folder, 'sized.yml');
    writeFileSync(file, "id: sized\ninput: { type: object, required: [size], properties: { size: { enum: [small] } } }\nsteps:\n  - { id: pack, uses: tool:pack, when: \"input.size = 'large'\" }\n");
    await expect(flowstone('test', file, '--mutate')).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/pack: when is true \(needs values\)[\s\S]*unnoticed: pack: critical turned to false \(pack begins on no path/) as unknown });
    writeFileSync(file, "id: sized\nsteps:\n  - { id: pack, uses: tool:pack, when: \"input.size = 'large'\" }\n");
    expect(await flowstone('test', file, '--mutate')).toContain('10 changes of the flow, 6 of them made a path fail');
    rmSync(folder, { recursive: true });
  });
});

describe('machines on the command line', () => {
  const events = '{"input":[{"what":"list"}],"events":[{"type":"approve","by":"Ada"},{"type":"approve","by":"Bob"},{"type":"refuse","by":"Cy"}]}';

  it('are tested, changed, and written as tests', async () => {
    const report = JSON.parse(await flowstone('test', 'docs/examples/approval-machine.tools.ts', '--mutate', '--examples', events, '--json')) as object;
    expect(report).toMatchObject({ passed: true, machines: [{ machineId: 'approval', transitions: { covered: 5, total: 5 }, mutation: { mutants: 15, survivors: [] } }] });
    const text = await flowstone('paths', 'docs/examples/approval-machine.tools.ts#approval', '--emit', 'vitest', '--examples', events);
    expect(text).toContain("import * as machines from './docs/examples/approval-machine.tools.ts';");
    expect(text).toContain("name: 'refuse (refused)',");
  });

  it('are named after the module, by their ids', async () => {
    await expect(flowstone('paths', 'docs/examples/approval-machine.tools.ts#aproval')).rejects.toMatchObject({ stderr: expect.stringContaining('did you mean `approval`?') as unknown });
  });
});

describe('flowstone check', () => {
  it('says what a flow surely does not mean, with file and line, and lets it pass', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-check-'));
    const file = join(folder, 'doubt.yml');
    writeFileSync(file, 'id: doubt\nsteps:\n  - id: never\n    uses: exec\n    with: { command: ls }\n    when: false\n  - id: ask\n    uses: signal\n    with: { name: go }\n');
    const text = await flowstone('check', file);
    expect(text).toMatch(/doubt\.yml:6:\d+: `never` never runs: its `when` is always false \(step_never_runs\)/);
    expect(text).toMatch(/doubt\.yml:8:\d+: `ask` waits for a signal and may wait for ever: .* \(wait_endless\)/);
    const { files } = JSON.parse(await flowstone('check', file, '--json')) as { files: { doubts: { code: string; place: { line: number } }[] }[] };
    expect(files[0]?.doubts.map(({ code, place }) => [code, place.line])).toEqual([['step_never_runs', 6], ['wait_endless', 8]]);
    rmSync(folder, { recursive: true });
  });
});
