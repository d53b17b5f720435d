import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, killAll, start } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => {
  killAll();
  folder.remove();
});
const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
// By itself: in a test, modules are read by others than Node.js.
const run = (...words: string[]) => start(words, cwd).ended;

const head = "import { defineFlow, defineTool } from 'flowstone';\n";
write('tools.ts', `${head}export const add = defineTool({ name: 'add', run: ({ input }) => (input as { a: number }).a + 1 });\n`);
const plus = `export const plus = defineFlow({ id: 'plus', version: '3', steps: [
  { id: 'one', uses: 'tool:add', with: ({ input }) => ({ a: (input as { n: number }).n }) },
  { id: 'ask', uses: 'signal', depends_on: ['one'], with: { name: 'go' }, timeout: '1d' },
  { id: 'two', uses: 'tool:add', depends_on: ['one', 'ask'], when: ({ steps }) => (steps.one.output as number) > 1, with: { a: 3 } },
] });\n`;
write('plus.ts', `${head}${plus}export default plus;\n`);
write('several.ts', `${head}${plus}export const wrong = defineFlow({ id: 'wrong', steps: [{ id: 'a', uses: 'tool:ad', with: { a: 1 } }] });\n`);
write('refused.ts', `${head}export const a = defineFlow({ id: 'a', steps: [{ id: 'a', uses: 'exec', depends_on: ['b'] as never, with: { command: 'x' } }] });\n`);
write('none.ts', 'export const answer = 42;\n');
write('broken.ts', 'export const a = ;\n');

describe('a module with flows', () => {
  it('is checked, and of functions as values it is said where they cannot run', async () => {
    expect(await run('check', 'plus.ts', '--tools', 'tools.ts')).toEqual({
      code: 0, signal: null, stderr: '',
      stdout: '✔ plus.ts: plus, 3 steps\n  2 values are functions (steps.one.with, steps.two.when): it runs where its module is, and cannot run in a process of its own\n',
    });
    const { stdout } = await run('check', 'plus.ts', '--tools', 'tools.ts', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: [{ file: 'plus.ts', flowId: 'plus', version: '3', functions: ['steps.one.with', 'steps.two.when'] }] });
  });

  it('is checked flow by flow', async () => {
    const { code, stdout } = await run('check', 'several.ts', '--tools', 'tools.ts');
    expect(code).toBe(2);
    expect(stdout).toContain('✔ several.ts#plus: plus, 3 steps');
    expect(stdout).toContain('✖ several.ts#wrong: Expected `steps[0].uses` to be the name of a tool that is there, got `ad`; did you mean `add`?');
  });

  it.each([
    ['refused.ts', 'Expected `depends_on` of `a` to name steps of this flow, got `b`; did you mean `a`? (unknown_step)'],
    ['none.ts', 'Expected `none.ts` to export a flow made with `defineFlow`, found none (flow_module_invalid)'],
    ['several.ts#plsu', 'Expected a flow of `several.ts` after the #, got `plsu`; did you mean `plus`? It has `several.ts#plus`, `several.ts#wrong` (flow_module_invalid)'],
    ['nowhere.ts', 'found no file'],
    ['broken.ts', 'broken.ts:1:18: '],
  ])('says what is wrong with %s', async (file, message) => {
    const { code, stdout } = await run('check', file);
    expect(stdout).toContain(message);
    expect(code).toBe(2);
  });

  it('is drawn, one flow of it', async () => {
    expect((await run('graph', 'plus.ts')).stdout).toContain('s_two_when{"function steps.two.when"}');
    expect((await run('graph', 'several.ts#plus')).stdout).toContain('flowchart TD');
    expect(await run('graph', 'several.ts')).toMatchObject({ code: 2, stderr: expect.stringContaining('Expected one flow of `several.ts`, found 2: name one, `several.ts#plus`, `several.ts#wrong`') });
  });

  it('is tested, and its paths are kept as tests that import it', async () => {
    expect(await run('test', 'plus.ts')).toMatchObject({ code: 0, stdout: expect.stringContaining('every path ends as it must') });
    expect(await run('paths', 'several.ts#plus', '--emit', 'vitest', '--out', 'plus.test.ts')).toMatchObject({ code: 0 });
    const emitted = readFileSync(join(cwd, 'plus.test.ts'), 'utf8');
    expect(emitted).toContain("import { plus as flow } from './several.ts';");
    expect(emitted).not.toContain('loadFlow');
    expect(emitted).toContain('flowstone paths several.ts#plus --emit vitest');
  });

  it('runs, is killed, and goes on with its module', async () => {
    const first = start(['run', 'plus.ts', '--tools', 'tools.ts', '--input', '{ "n": 4 }'], cwd);
    await first.saw('for signal go');
    first.kill('SIGKILL');
    await first.ended;
    const { executions: [execution] } = JSON.parse((await run('list', '--json')).stdout) as { executions: [{ executionId: string }] };
    await run('signal', execution.executionId, 'go');
    const blind = await run('resume', execution.executionId);
    expect(blind.code).toBe(3);
    expect(blind.stderr + blind.stdout).toContain(`flowstone resume ${execution.executionId} --flow FILE`);
    const resumed = await run('resume', execution.executionId, '--flow', 'plus.ts', '--tools', 'tools.ts', '--json');
    expect(JSON.parse(resumed.stdout)).toMatchObject({ executions: [{ passed: true, steps: [{ stepId: 'one', output: 5 }, { stepId: 'ask' }, { stepId: 'two', output: 4 }] }] });
  });
});
