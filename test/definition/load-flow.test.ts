import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFlow } from '../../src/definition/load-flow.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flowstone-load-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

describe('loading a flow', () => {
  it('reads YAML and JSON', async () => {
    const yaml = await loadFlow(await write('a.yml', 'id: a\nsteps: [{ id: s, uses: exec }]\n'));
    const json = await loadFlow(await write('a.json', '{ "id": "a", "steps": [{ "id": "s", "uses": "exec" }] }'));
    expect(yaml).toEqual(json);
  });

  it('names the file, line and column of a mistake', async () => {
    const file = await write('bad.yml', 'id: a\nsteps: []\n');
    await expect(loadFlow(file)).rejects.toMatchObject({ code: 'definition_invalid', place: { file, line: 2, column: 8, path: 'steps' }, message: expect.stringContaining(`${file}:2:8: `) });
  });

  it('does not read a file of 50 MB', async () => {
    const file = await write('large.yml', 'id: a\n');
    await truncate(file, 50 * 1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    await expect(loadFlow(file)).rejects.toMatchObject({ code: 'definition_too_large', details: { bytes: 52_428_800, maxBytes: 4_194_304 } });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  });

  it('says why a file cannot be read', async () => {
    const missing = join(folder, 'missing.yml');
    await expect(loadFlow(missing)).rejects.toMatchObject({ code: 'definition_unreadable', message: `Expected \`${missing}\` to be a flow's file, got none: there is no such file` });
    await expect(loadFlow(folder)).rejects.toThrow('it is a folder');
    await expect(loadFlow(await write('binary.yml', new Uint8Array([0xff, 0xfe, 0x00])))).rejects.toThrow('it is not UTF-8 text');
  });
});
