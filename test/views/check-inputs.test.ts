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

  it('holds the examples of a step against the output of its tool, and makes no paths of one that does not fit', async () => {
    write('sent.mjs', "import { z } from 'zod';\nimport { defineTool } from 'flowstone';\nexport const send = defineTool({ name: 'send', output: z.object({ id: z.string() }), run: () => ({ id: 'a' }) });\n");
    write('sent.yml', 'id: sent\nsteps:\n  - id: mail\n    uses: tool:send\n    examples:\n      - { id: a }\n      - { id: 5 }\n');
    const checked = await start(['check', 'sent.yml', '--tools', 'sent.mjs'], cwd).ended;
    expect(checked.code).toBe(2);
    expect(checked.stdout).toMatch(/sent\.yml:7:\d+: Expected the example 2 of `mail` .*output\.id.* \(example_misfit\)/);
    const made = await start(['paths', 'sent.yml', '--tools', 'sent.mjs'], cwd).ended;
    expect(made.code).toBe(2);
    expect(made.stderr).toContain('Expected the example 2 of `mail`');
  });

  it('holds what expressions read of outputs against the output of a tool, through lists, unions and predicates', async () => {
    write('quotes.mjs', `import { z } from 'zod';
import { defineTool } from 'flowstone';
const side = z.object({ price: z.number(), depth: z.array(z.object({ size: z.number() })) });
export const quote = defineTool({ name: 'quote', output: z.object({ bid: side, ask: side.nullable(), any: z.looseObject({ a: z.number() }), by: z.record(z.string(), z.object({ n: z.number() })), one: z.union([z.object({ x: z.string() }), z.object({ y: z.string() })]), text: z.string() }), run: () => ({}) });
export const free = defineTool({ name: 'free', run: () => ({}) });
`);
    const use = (id: string, expression: string, more = ''): string => `  - { id: ${id}, uses: "tool:free", depends_on: [q, f, l, r], with: { v: "{% ${expression} %}" }${more} }`;
    const good = ['steps.q.output.bid.price', 'steps.q.output.ask.depth.size', 'steps.q.output.bid.depth[size > 1].size', 'steps.q.output.any.b.c', 'steps.q.output.by.x.n', 'steps.q.output.one.y', 'steps.f.output.whatever', 'steps.l.output.bid.price', 'steps.r.output.else', '$sum(steps.q.output.bid.depth.size)', 'steps.q.output', 'steps.q.status', 'input.steps.q.output.no', '$map(steps.q.output.bid.depth, function($d) { $d.none })'];
    const bad = ['steps.q.output.bid.prcie', '$sum(steps.q.output.ask.depth.szie)', 'steps.q.output.by.x.m', 'steps.q.output.one.z', 'steps.q.output.text.length', 'steps.l.output.bidd', 'input.a ? steps.q.output.bid.nothing : 1'];
    write('quotes.yml', `id: quotes\nsteps:\n  - { id: q, uses: "tool:quote" }\n  - { id: f, uses: "tool:free" }\n  - { id: l, uses: "tool:quote", for_each: "[1, 2]" }\n  - { id: r, uses: "tool:quote", recover: { ask: { signal: help } } }\n${[...good.map((expression, index) => use(`g${index}`, expression)), ...bad.map((expression, index) => use(`b${index}`, expression))].join('\n')}\n`);
    const { code, stdout } = await start(['check', 'quotes.yml', '--tools', 'quotes.mjs'], cwd).ended;
    expect(code).toBe(2);
    const lines = stdout.split('\n').filter(line => line.includes('output_misfit'));
    expect(lines.map(line => /:(\d+):\d+: .*got `(\w+)`(?:; did you mean `(\w+)`)?/.exec(line)?.slice(1))).toEqual([['21', 'prcie', 'price'], ['22', 'szie', 'size'], ['23', 'm', 'n'], ['24', 'z', expect.any(String)], ['25', 'length', undefined], ['26', 'bidd', 'bid'], ['27', 'nothing', undefined]]);
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
