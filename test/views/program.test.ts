import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => folder.remove());

const files: Record<string, string> = {
  'good.yml': 'id: good\nsteps:\n  - { id: a, uses: "tool:double", with: "{% input.n %}" }\n  - { id: b, uses: "tool:double", depends_on: [a], with: "{% steps.a.output %}" }\ninput: { type: object, properties: { n: { type: number } }, required: [n] }\n',
  'bad.yml': 'id: bad\nsteps:\n  - { id: a, uses: "tool:explode" }\n  - { id: b, uses: "tool:double", depends_on: [a], with: 1 }\n',
  'broken.yml': 'id: broken\nsteps:\n  - { id: a, usess: exec }\n  - { id: b, uses: sleep, depends_on: [c], with: { for: 1s } }\n',
  'cycle.yml': 'id: cycle\nsteps:\n  - { id: a, uses: "tool:double", depends_on: [b] }\n  - { id: b, uses: "tool:double", depends_on: [a] }\n',
  'parent.yml': 'id: parent\nsteps:\n  - { id: child, uses: "flow:good", with: { n: 4 } }\n',
  'tools.mjs': 'export const double = ({ input }) => input * 2;\nexport function explode() { throw new Error("boom \\u001b[31m"); }\n',
  'input.json': '{"n": 5}',
  'not-json.txt': '{n: 5}',
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
mkdirSync(join(cwd, 'sub'));

const tools = ['--tools', 'tools.mjs'];
const db = (name: string): string[] => ['--db', `${name}.db`];

describe('run', () => {
  it('prints exactly one document with --json, and everything else elsewhere', async () => {
    const { code, stdout, stderr } = await run(['run', 'good.yml', '--input', '{"n":5}', ...tools, ...db('json'), '--json'], cwd);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ flowId: 'good', status: 'scored', passed: true, score: 1, durationMs: expect.any(Number), database: join(cwd, 'json.db') });
    expect(document.executionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(document.steps.map(({ stepId, status, attempts, output }: never) => ({ stepId, status, attempts, output }))).toEqual([
      { stepId: 'a', status: 'completed', attempts: 1, output: 10 },
      { stepId: 'b', status: 'completed', attempts: 1, output: 20 },
    ]);
    expect(document.steps[0].settledAt).toBeGreaterThanOrEqual(document.steps[0].startedAt);
    expect(stderr).toContain('completed');
  });

  it('shows lines without cursor tricks, the result, and where it is stored', async () => {
    const { code, stdout, stderr } = await run(['run', 'good.yml', '--input', '@input.json', ...tools, ...db('text')], cwd);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\u001B');
    expect(stdout).toMatch(/a +running +1\/1\n.*a +completed +1\/1/);
    expect(stdout).toContain('good passed: scored, score 1, 2 of 2 steps completed');
    expect(stdout).toContain(join(cwd, 'text.db'));
    expect(stdout).toMatch(/flowstone show [0-9a-f-]{36} --db text\.db/);
  });

  it('ends with 1 when the flow ended but did not pass, with the reason of each step', async () => {
    const { code, stdout } = await run(['run', 'bad.yml', ...tools, ...db('bad'), '--json'], cwd);
    expect(code).toBe(1);
    const { passed, steps } = JSON.parse(stdout);
    expect(passed).toBe(false);
    expect(steps).toMatchObject([{ status: 'failed', reason: { code: expect.any(String), message: expect.stringContaining('boom') } }, { status: 'skipped', reason: { code: expect.any(String) } }]);
    const text = await run(['run', 'bad.yml', ...tools, ...db('bad'), '--new'], cwd);
    expect(text.code).toBe(1);
    expect(text.stdout).not.toContain('\u001B');
  });

  it('answers with the first execution when the idempotency key is the same', async () => {
    const argv = ['run', 'good.yml', '--input', '{"n":1}', ...tools, ...db('key'), '--idempotency-key', 'k1', '--json'];
    const first = JSON.parse((await run(argv, cwd)).stdout);
    const second = JSON.parse((await run(argv, cwd)).stdout);
    expect(second.executionId).toBe(first.executionId);
    expect(JSON.parse((await run(argv.map(argument => argument === 'k1' ? 'k2' : argument), cwd)).stdout).executionId).not.toBe(first.executionId);
  });

  it('finds a flow that a step starts beside the file', async () => {
    const { code, stdout } = await run(['run', 'parent.yml', ...tools, ...db('parent'), '--json'], cwd);
    expect([code, JSON.parse(stdout).steps[0].status]).toEqual([0, 'completed']);
  });

  it('keeps everything in the data folder of the platform when no database is named', async () => {
    const { stdout } = await run(['run', 'good.yml', '--input', '{"n":1}', ...tools, '--json'], cwd, { FLOWSTONE_DB: join(cwd, 'fresh', 'env.db') });
    expect(JSON.parse(stdout).database).toBe(join(cwd, 'fresh', 'env.db'));
    if (process.platform !== 'win32') expect(statSync(join(cwd, 'fresh')).mode & 0o777).toBe(0o700);
  });
});

describe('what is wrong with the command line', () => {
  it.each<[string, string[], string]>([
    ['an unknown command', ['frob'], 'usage_invalid'],
    ['no command', [], 'usage_invalid'],
    ['an unknown option', ['run', 'good.yml', '--nope'], 'usage_invalid'],
    ['a missing argument', ['run'], 'usage_invalid'],
    ['a count that is none', ['run', 'good.yml', '--workers', '0'], 'usage_invalid'],
    ['an unknown status', ['list', '--status', 'sored'], 'usage_invalid'],
    ['an input that is not JSON', ['run', 'good.yml', ...tools, '--input', '{n:1}'], 'argument_not_json'],
    ['an input file that is not JSON', ['run', 'good.yml', ...tools, '--input', '@not-json.txt'], 'argument_not_json'],
    ['an input file that is not there', ['run', 'good.yml', ...tools, '--input', '@gone.json'], 'file_unreadable'],
    ['an input that fails its schema', ['run', 'good.yml', ...tools, '--input', '{"n":"x"}'], 'input_invalid'],
    ['a definition that is not there', ['run', 'gone.yml'], 'definition_unreadable'],
    ['a wrong definition', ['run', 'broken.yml'], 'definition_invalid'],
    ['a cycle', ['run', 'cycle.yml', ...tools], 'definition_invalid'],
    ['an unknown tool', ['run', 'good.yml', '--input', '{"n":1}'], 'definition_invalid'],
    ['a tools module that is not there', ['run', 'good.yml', '--tools', 'gone.js'], 'file_unreadable'],
    ['an unknown machine', ['graph', '--machine', 'stepp'], 'machine_unknown'],
    ['nothing to draw', ['graph'], 'usage_invalid'],
    ['an execution that is not there', ['show', 'nope', '--db', 'json.db'], 'execution_not_found'],
    ['a database that is not there', ['show', 'nope', '--db', 'gone.db'], 'execution_not_found'],
  ])('%s ends with 2 and one clear error', async (_name, argv, errorCode) => {
    const { code, stdout } = await run([...argv, '--json', ...(argv[0] === 'run' ? db('wrong') : [])], cwd);
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code: errorCode, message: expect.stringMatching(/\S/) });
    const human = await run([...argv, ...(argv[0] === 'run' ? db('wrong') : [])], cwd);
    expect([human.code, human.stdout]).toEqual([2, '']);
    if (argv.length > 0) expect(human.stderr).toContain(`(${errorCode})`);
  });

  it('writes no database for any of them', () => {
    expect(existsSync(join(cwd, 'wrong.db'))).toBe(false);
  });

  it('lists every problem of a definition with its place', async () => {
    const { error } = JSON.parse((await run(['run', 'broken.yml', '--json'], cwd)).stdout);
    expect(error.problems.length).toBeGreaterThanOrEqual(2);
    for (const { place } of error.problems) expect(place).toMatchObject({ file: join(cwd, 'broken.yml'), line: expect.any(Number), column: expect.any(Number) });
  });

  it('shows help on request with exit code 0', async () => {
    for (const argv of [['--help'], ['help'], ['run', '--help'], ['help', 'run']]) {
      const { code, stdout } = await run(argv, cwd);
      expect([argv, code, stdout.includes('Usage: flowstone')]).toEqual([argv, 0, true]);
    }
    expect(JSON.parse((await run(['run', '--help', '--json'], cwd)).stdout).help).toContain('--idempotency-key');
  });
});

describe('looking at what is stored', () => {
  it('lists executions and shows one by the beginning of its id', async () => {
    const { stdout } = await run(['list', ...db('json'), '--json'], cwd);
    const [{ executionId, flowId, status }] = JSON.parse(stdout).executions;
    expect([flowId, status]).toEqual(['good', 'scored']);
    const shown = JSON.parse((await run(['show', executionId.slice(0, 12), ...db('json'), '--history', '--json'], cwd)).stdout);
    expect(shown).toMatchObject({ executionId, input: { n: 5 }, steps: [{ output: 10 }, { output: 20 }] });
    expect(shown.history.map(({ seq }: { seq: number }) => seq)).toEqual(shown.history.map((_: unknown, index: number) => index + 1));
    const text = (await run(['show', executionId, ...db('json'), '--history'], cwd)).stdout;
    expect(text).toMatch(/step:a +step\.start +→ running/);
    expect(text).toMatch(/→ b\n +20/);
    expect((await run(['list', ...db('json')], cwd)).stdout).toContain(executionId);
    expect(JSON.parse((await run(['list', ...db('json'), '--status', 'unfinished', '--json'], cwd)).stdout).executions).toEqual([]);
  });

  it('lists nothing where nothing was ever stored, and makes no file', async () => {
    expect(await run(['list', ...db('never')], cwd)).toMatchObject({ code: 0, stdout: expect.stringContaining('No executions') });
    expect(existsSync(join(cwd, 'never.db'))).toBe(false);
  });

  it('says when the beginning of an id is not enough', async () => {
    await run(['run', 'good.yml', '--input', '{"n":6}', ...tools, ...db('json')], cwd);
    const { code, stdout } = await run(['show', '0', ...db('json'), '--json'], cwd);
    expect([code, JSON.parse(stdout).error.code]).toEqual([2, 'execution_ambiguous']);
  });
});

describe('what could not run', () => {
  it('ends with 3 when the database is no database, or cannot be made', async () => {
    writeFileSync(join(cwd, 'text.yml.db'), 'not a database, but long enough to be taken for something else'.repeat(100));
    for (const path of ['text.yml.db', 'sub', join('good.yml', 'below.db')]) {
      const { code, stdout } = await run(['run', 'good.yml', '--input', '{"n":1}', ...tools, '--db', path, '--json'], cwd);
      expect([path, code, JSON.parse(stdout).error.message]).toEqual([path, 3, expect.stringContaining(path.split('/')[0] ?? '')]);
    }
  });

  it('ends with 1 when a signal comes after the end', async () => {
    const [{ executionId }] = JSON.parse((await run(['list', ...db('json'), '--json'], cwd)).stdout).executions;
    const { code, stdout } = await run(['signal', executionId, 'go', ...db('json'), '--json'], cwd);
    expect([code, JSON.parse(stdout).error.code]).toEqual([1, 'execution_settled']);
  });
});

describe('graph and check', () => {
  it('draw a flow, an execution of it and the machines underneath', async () => {
    expect((await run(['graph', 'good.yml'], cwd)).stdout).toMatch(/^flowchart TD\n[^]*s_a --> s_b/);
    const { executions: [{ executionId }] } = JSON.parse((await run(['list', ...db('bad'), '--json'], cwd)).stdout);
    const coloured = JSON.parse((await run(['graph', '--execution', executionId, ...db('bad'), '--json'], cwd)).stdout);
    expect(coloured.mermaid).toMatch(/class s_a failed[^]*class s_b skipped/);
    expect((await run(['graph', '--machine', 'step'], cwd)).stdout).toMatch(/^stateDiagram-v2\n/);
  });

  it('say what is wrong in each file, with the line', async () => {
    expect(await run(['check', 'good.yml', 'bad.yml', ...tools], cwd)).toMatchObject({ code: 0, stdout: '✔ good.yml: good, 2 steps\n✔ bad.yml: bad, 2 steps\n' });
    const { code, stdout } = await run(['check', 'good.yml', 'broken.yml', 'gone.yml', ...tools], cwd);
    expect(code).toBe(2);
    expect(stdout).toMatch(/✔ good\.yml/);
    expect(stdout).toMatch(/✖ broken\.yml:3:\d+: .*usess/);
    expect(stdout).toMatch(/✖ gone\.yml: .*definition_unreadable/);
    const unknown = JSON.parse((await run(['check', 'good.yml', '--json'], cwd)).stdout);
    expect(unknown).toMatchObject({ ok: false, error: { code: 'definition_invalid' }, files: [{ problems: [{ code: 'unknown_tool', place: { line: 3 } }, { place: { line: 4 } }] }] });
    expect(JSON.parse((await run(['check', 'good.yml', ...tools, '--json'], cwd)).stdout)).toMatchObject({ ok: true, files: [{ flowId: 'good', steps: 2, problems: [] }] });
  });
});
