import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defineTool } from '../../src/kinds/flows/tool.ts';
import { loadToolsModule } from '../../src/views/cli/load-tools.ts';
import { readToolExports } from '../../src/views/cli/tool-exports.ts';
import { createFolder } from './program-harness.ts';

const a = defineTool({ name: 'a', run: () => 1 });
const b = defineTool({ name: 'b', run: () => 2 });
function plain(): number {
  return 3;
}
const names = (exports: Readonly<Record<string, unknown>>): string[] => readToolExports(exports, 'tools.js').map(({ name }) => name);

describe('what a tools module may export', () => {
  it('is a list, a record, a default export of those, or named exports', () => {
    expect(names({ tools: [a, b, plain] })).toEqual(['a', 'b', 'plain']);
    expect(names({ tools: { x: a, y: plain, z: () => 4 } })).toEqual(['a', 'y', 'z']);
    expect(names({ default: [a, b] })).toEqual(['a', 'b']);
    expect(names({ default: { a, quick: () => 1 } })).toEqual(['a', 'quick']);
    expect(names({ default: a })).toEqual(['a']);
    expect(names({ default: plain })).toEqual(['plain']);
    expect(names({ default: { tools: [a] } })).toEqual(['a']);
    expect(names({ a, plain, version: '1', Thing: class Thing { field = 1; } })).toEqual(['a', 'plain']);
    expect(names({ default: { a, plain }, a, plain, 'module.exports': { a, plain } })).toEqual(['a', 'plain']);
  });

  it('takes a plain function as a tool that is given the call', async () => {
    const [tool] = readToolExports({ double: ({ input }: { input: number }) => input * 2 }, 'tools.js');
    expect(await tool?.run({ input: 21 } as never)).toBe(42);
  });

  it.each([
    [{}, 'no exports'],
    [{ version: '1' }, 'only `version`'],
    [{ tools: 5 }, '`5` (number)'],
    [{ tools: [a, { name: 'x' }] }, '`tools[1]`'],
    [{ tools: { x: 'no' } }, '`tools.x`'],
    [{ tools: [() => 1] }, 'Give the function a name'],
    [{ tools: [a, defineTool({ name: 'a', run: () => 9 })] }, 'found `a` twice'],
  ])('refuses %j and says what it found', (exports, words) => {
    expect(() => readToolExports(exports, 'tools.js')).toThrow(expect.objectContaining({ code: 'tools_module_invalid', message: expect.stringContaining(words) }));
  });
});

describe('loading a tools module', () => {
  it('refuses a file that is not there and one that does not load', async () => {
    const folder = createFolder();
    writeFileSync(join(folder.path, 'broken.mjs'), 'export const a = (;');
    writeFileSync(join(folder.path, 'throws.mjs'), 'throw new Error("out of order");');
    await expect(loadToolsModule('missing.js', folder.path)).rejects.toMatchObject({ code: 'file_unreadable' });
    await expect(loadToolsModule('broken.mjs', folder.path)).rejects.toMatchObject({ code: 'tools_module_invalid' });
    await expect(loadToolsModule('throws.mjs', folder.path)).rejects.toMatchObject({ code: 'tools_module_invalid', message: expect.stringContaining('out of order') });
    folder.remove();
  });
});
