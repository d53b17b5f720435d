import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createFolder, killAll, run, start } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => {
  killAll();
  folder.remove();
});
const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);

write('tools.mjs', `import { z } from 'zod';
import { defineTool } from 'flowstone';
export const send = defineTool({ name: 'send', input: z.strictObject({ to: z.string(), times: z.number().optional() }), run: () => 1 });
`);

describe('check', () => {
  it('holds constants against the input of a tool, with line and column, and leaves expressions alone', async () => {
    write('mail.yml', 'id: mail\nsteps:\n  - id: good\n    uses: tool:send\n    with: { to: ann, times: "{% 1 + 1 %}" }\n  - id: bad\n    uses: tool:send\n    with:\n      to: 5\n      tmies: 2\n  - { id: none, uses: "tool:send" }\n  - { id: run, uses: exec, with: { command: 5 } }\n');
    const { code, stdout } = await start(['check', 'mail.yml', '--tools', 'tools.mjs'], cwd).ended;
    expect(code).toBe(2);
    const lines = stdout.split('\n').filter(line => line.includes('with_misfit'));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/mail\.yml:9:11: .*`bad`.*`to`/);
    expect(lines.join('\n')).toMatch(/`bad`.*tmies/);
    expect(lines.join('\n')).toMatch(/`none`.*`to`/);
    expect(lines.join('\n')).toMatch(/`run`.*`command`/);
  });

  it.each([
    ['bad.mjs', 'export const a = 1;\nexport const b = ;\n', 'bad.mjs:2:18: '],
    ['enum.ts', 'export const a: number = 1;\nexport enum Color { Red }\n', 'enum.ts:2:8: '],
    ['bad.ts', 'export const a: number = 1;\n\n  export const b = function( { ;\n', 'bad.ts:3:32: '],
    ['outer.mjs', 'export * from "./bad.mjs";\n', 'bad.mjs:2:18: '],
  ])('names line and column of what is no program in a tools module: %s', async (name, text, where) => {
    write(name, text);
    write('one.yml', 'id: one\nsteps: [{ id: a, uses: exec, with: { command: ls } }]\n');
    // By itself: in a test, modules are read by others than Node.js.
    expect(await start(['check', 'one.yml', '--tools', name], cwd).ended).toMatchObject({ code: 2, stderr: expect.stringContaining(where) });
  });

  it('says that a folder is no database', async () => {
    mkdirSync(join(cwd, 'folder'));
    for (const words of [['list'], ['run', 'one.yml'], ['show', 'x'], ['resume']]) {
      expect((await run([...words, '--db', 'folder'], cwd)).stderr).toMatch(/which is a folder\. Name a file in it, such as `.*folder\/flowstone\.db`/);
    }
  });

  it('groups its help, and wraps it', async () => {
    const { stdout } = await run(['--help'], cwd);
    expect(stdout).toContain('\nRun:\n');
    expect(stdout.split('\n').filter(line => line.length > 100)).toEqual([]);
  });
});
