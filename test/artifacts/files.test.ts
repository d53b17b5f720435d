import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const flow = {
  id: 'f',
  steps: [
    { id: 'a', uses: 'tool:first', artifacts: [{ name: 'docs/a.md', from: 'output' }, { name: 'hidden.json', from: 'output', file: false as const }] },
    { id: 'b', uses: 'tool:second', depends_on: ['a'], artifacts: [{ name: 'b.txt', from: 'output' }] },
  ],
};

const listFiles = (folder: string): string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).map(({ name }) => name).toSorted();

describe('an output folder', () => {
  it('has every artifact as a file once its commit is done', async () => {
    const folder = join(makeFolder(), 'out');
    const gate = createGate();
    const { runtime } = await openRuntime(flow, { first: () => '# A', second: async () => (await gate.promise, 'B') }, { outputDir: folder });
    const { executionId } = await runtime.start('f');
    await until(() => existsSync(join(folder, 'docs/a.md')));
    expect(readFileSync(join(folder, 'docs/a.md'), 'utf8')).toBe('# A');
    gate.open();
    await runtime.settled(executionId);
    await runtime.stop();
    expect(listFiles(folder)).toEqual(['a.md', 'b.txt']);
  });

  it('gets the files that could not be written when the cause is gone, and says so once', async () => {
    const folder = join(makeFolder(), 'out');
    // A file in its place: nothing can be written below, whoever asks.
    writeFileSync(folder, '');
    const said: string[] = [];
    const logger = { debug() {}, info: (_: unknown, text: string) => said.push(text), warn: (_: unknown, text: string) => said.push(text), error() {} };
    const { runtime, clock } = await openRuntime(flow, { first: () => '# A', second: () => 'B' }, { outputDir: folder, logger: logger as never });
    const { executionId } = await runtime.start('f');
    expect((await runtime.settled(executionId)).passed).toBe(true);
    await until(() => said.length === 2);
    for (let again = 0; again < 3; again++) {
      clock.advance(60_000);
      await settleTicks(200);
    }
    expect(said).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('could not be written') as string));
    rmSync(folder);
    // A try that is still under way arms its timer when it has failed: time passes until it is due.
    for (let turn = 0; turn < 2_000 && said.length < 4; turn++) {
      clock.advance(60_000);
      await settleTicks(20);
    }
    expect(listFiles(folder)).toEqual(['a.md', 'b.txt']);
    expect(said.slice(2)).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('after all') as string));
    await runtime.stop();
  });

  it('is only a view: what is missing or changed comes back when the execution goes on', async () => {
    const folder = join(makeFolder(), 'out');
    const store = createMemoryStore();
    const hang = createGate<never>();
    const before = await openRuntime(flow, { first: () => '# A', second: () => hang.promise }, { store, outputDir: folder });
    const { executionId } = await before.runtime.start('f');
    await until(() => existsSync(join(folder, 'docs/a.md')));
    const left = store.copy();
    rmSync(folder, { recursive: true });
    // The folder was stored: nobody has to name it again.
    const between = await openRuntime(flow, { first: () => 'never', second: () => hang.promise }, { store: left });
    await until(() => existsSync(join(folder, 'docs/a.md')));
    const again = left.copy();
    writeFileSync(join(folder, 'docs/a.md'), 'x A');
    const after = await openRuntime(flow, { first: () => 'never', second: () => 'B' }, { store: again });
    await after.runtime.settled(executionId);
    await after.runtime.stop();
    expect(readFileSync(join(folder, 'docs/a.md'), 'utf8')).toBe('# A');
    expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('B');
    void between;
  });

  it('is the one that the flow names, in the folder of the process, unless the runtime names another', async () => {
    const folder = makeFolder();
    const named = { ...flow, output_dir: join(folder, 'of-flow') };
    const run = async (outputDir?: (execution: { executionId: string; flowId: string }) => string | undefined): Promise<string> => {
      const { runtime } = await openRuntime(named, { first: () => 'a', second: () => 'b' }, outputDir ? { outputDir } : {});
      const { executionId } = await runtime.start('f');
      await runtime.settled(executionId);
      await runtime.stop();
      return executionId;
    };
    await run();
    expect(listFiles(join(folder, 'of-flow'))).toEqual(['a.md', 'b.txt']);
    const executionId = await run(({ executionId: id, flowId }) => join(folder, `${flowId}-${id}`));
    expect(listFiles(join(folder, `f-${executionId}`))).toEqual(['a.md', 'b.txt']);
  });

  it('holds the newest version, and never half of one', async () => {
    const folder = makeFolder();
    const { runtime } = await openRuntime(
      { id: 'f', steps: [{ id: 'a', uses: 'tool:t' }] },
      { t: async ({ artifact }: ToolCall) => {
        for (let version = 1; version <= 20; version++) await artifact('a.txt', `version ${version}\n`.repeat(1000));
      } },
      { outputDir: folder },
    );
    const { executionId } = await runtime.start('f');
    const settled = runtime.settled(executionId);
    let isDone = false;
    void settled.then(() => (isDone = true));
    while (!isDone) {
      if (existsSync(join(folder, 'a.txt'))) expect(new Set(readFileSync(join(folder, 'a.txt'), 'utf8').trim().split('\n')).size).toBe(1);
      await settleTicks(1);
    }
    await runtime.stop();
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toMatch(/^version 20\n/);
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it('is made anew on request, and says what it did', async () => {
    const folder = makeFolder();
    const { runtime } = await openRuntime(flow, { first: () => '# A', second: () => 'B' });
    const { executionId } = await runtime.start('f');
    await runtime.settled(executionId);
    await expect(runtime.artifacts.writeFiles(executionId)).rejects.toMatchObject({ code: 'output_dir_unknown' });
    expect(await runtime.artifacts.writeFiles(executionId, folder)).toEqual({ folder, written: ['b.txt', 'docs/a.md'], unchanged: 0, failed: [] });
    writeFileSync(join(folder, 'b.txt'), 'b');
    expect(await runtime.artifacts.writeFiles(executionId, folder)).toEqual({ folder, written: ['b.txt'], unchanged: 1, failed: [] });
    await runtime.stop();
  });

  it('is never left, whatever links are in it', async () => {
    const folder = makeFolder();
    const outside = makeFolder();
    symlinkSync(outside, join(folder, 'docs'));
    symlinkSync(join(outside, 'b.txt'), join(folder, 'b.txt'));
    const { runtime } = await openRuntime(flow, { first: () => '# A', second: () => 'B' }, { outputDir: folder });
    const { executionId } = await runtime.start('f');
    expect((await runtime.settled(executionId)).passed).toBe(true);
    const report = await runtime.artifacts.writeFiles(executionId);
    await runtime.stop();
    expect(report.failed).toMatchObject([{ file: 'docs/a.md', code: 'output_outside_folder' }]);
    // A link in the place of a file gives way to the file.
    expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('B');
    expect(listFiles(outside)).toEqual([]);
  });

  it('that cannot be written costs files, not results', async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'docs'), 'a file in the place of a folder');
    mkdirSync(join(folder, 'b.txt'));
    const { runtime } = await openRuntime(flow, { first: () => '# A', second: () => 'B' }, { outputDir: folder });
    const { executionId } = await runtime.start('f');
    expect((await runtime.settled(executionId)).passed).toBe(true);
    const { failed, written } = await runtime.artifacts.writeFiles(executionId);
    expect([failed.map(({ file }) => file), written]).toEqual([['b.txt', 'docs/a.md'], []]);
    expect(await (await runtime.artifacts.get(executionId, 'docs/a.md')).text()).toBe('# A');
    await runtime.stop();
  });
});
