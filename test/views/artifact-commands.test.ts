import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFolder, killAll, run as runProgram, start } from './program-harness.ts';
import type { Ended } from './program-harness.ts';

const folder = createFolder();
const run = (words: readonly string[], cwd: string): Promise<Ended> => runProgram(words, cwd, { FLOWSTONE_DB: join(folder.path, 'own.db') });
const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
const tools = `
const bytes = Buffer.from(Array.from({ length: 70000 }, (_, index) => (index * 7) % 256));
export const models = { generate: async ({ prompt }) => ({ text: 'You said: ' + prompt, inputTokens: 10, outputTokens: 20, cost: 0.5 }) };
export const tools = {
  write: async ({ artifact, generate }) => {
    await artifact('log.txt', 'first');
    await artifact('log.txt', 'second');
    await artifact('img/pixel.png', bytes, { contentType: 'image/png' });
    return { text: (await generate({ prompt: 'Hello', stage: 'greeting' })).text };
  },
};
`;
const definition = `
id: made
models: [m-1]
steps:
  - id: write
    uses: tool:write
    artifacts: [{ name: answer.md, from: output.text }]
`;
let executionId = '';

beforeAll(async () => {
  writeFileSync(join(folder.path, 'made.yml'), definition);
  writeFileSync(join(folder.path, 'made.tools.mjs'), tools);
  const { code, stdout, stderr } = await run(['run', 'made.yml', '--output-dir', 'out', '--json'], folder.path);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  const document = JSON.parse(stdout) as { executionId: string };
  expect(document).toMatchObject({
    passed: true, artifacts: { count: 3, bytes: 70_000 + 'second'.length + 'You said: Hello'.length }, interactions: { calls: 1, completed: 1, totalTokens: 30, cost: 0.5 },
    files: { folder: join(folder.path, 'out'), failed: [] },
  });
  ({ executionId } = document);
});
afterEach(killAll);
afterAll(() => folder.remove());

describe('what an execution has made', () => {
  it('is written to the output folder, with the tools beside the definition', () => {
    expect(readFileSync(join(folder.path, 'out/answer.md'), 'utf8')).toBe('You said: Hello');
    expect(readFileSync(join(folder.path, 'out/img/pixel.png')).equals(bytes)).toBe(true);
    expect(readFileSync(join(folder.path, 'out/log.txt'), 'utf8')).toBe('second');
  });

  it('is listed by `artifacts`', async () => {
    const { stdout, code } = await run(['artifacts', executionId.slice(0, 13)], folder.path);
    expect(code).toBe(0);
    expect(stdout).toMatch(/answer\.md +1 +markdown +15 B +\d{4}-\S+ \S+ +write/);
    expect(stdout).toMatch(/img\/pixel\.png +1 +binary +70 kB +\d{4}-\S+ \S+ +write/);
    expect(stdout).toMatch(/log\.txt +2 +text +6 B +\d{4}-\S+ \S+ +write/);
    const { artifacts } = JSON.parse((await run(['artifacts', executionId, '--versions', '--json'], folder.path)).stdout) as { artifacts: { name: string; version: number; sha256: string }[] };
    expect(artifacts.map(({ name, version }) => `${name}@${version}`)).toEqual(['answer.md@1', 'img/pixel.png@1', 'log.txt@1', 'log.txt@2']);
    expect(artifacts[1]?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('is written out byte for byte, to a file and through a pipe', async () => {
    const { stdout } = await run(['artifacts', executionId, 'log.txt', '--version', '1'], folder.path);
    expect(stdout).toBe('first');
    await run(['artifacts', executionId, 'img/pixel.png', '--out', 'copy.png'], folder.path);
    expect(readFileSync(join(folder.path, 'copy.png')).equals(bytes)).toBe(true);
    const document = JSON.parse((await run(['artifacts', executionId, 'img/pixel.png', '--json'], folder.path)).stdout) as { content: string; encoding: string };
    expect([document.encoding, Buffer.from(document.content, 'base64').equals(bytes)]).toEqual(['base64', true]);
  });

  it('is asked for by its name', async () => {
    const { code, stderr } = await run(['artifacts', executionId, 'answer.mb'], folder.path);
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('did you mean `answer.md`?')]);
    expect(code).not.toBe(0);
    expect((await run(['artifacts', executionId, '--out', 'x'], folder.path)).stderr).toContain('usage_invalid');
  });

  it('comes back as files on request', async () => {
    rmSync(join(folder.path, 'out'), { recursive: true });
    const again = await run(['export', executionId, '--files', 'elsewhere', '--json'], folder.path);
    expect(JSON.parse(again.stdout)).toMatchObject({ written: ['answer.md', 'img/pixel.png', 'log.txt'], unchanged: 0, failed: [] });
    writeFileSync(join(folder.path, 'elsewhere/log.txt'), 'second!');
    writeFileSync(join(folder.path, 'elsewhere/mine.txt'), 'mine');
    const { stdout, code } = await run(['export', executionId, '--files', 'elsewhere'], folder.path);
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 written, 2 as they were')]);
    expect(readFileSync(join(folder.path, 'elsewhere/mine.txt'), 'utf8')).toBe('mine');
  });

  it('has its calls of models listed and added up', async () => {
    const { stdout } = await run(['interactions', executionId], folder.path);
    expect(stdout).toMatch(/1 +completed +greeting +m-1 +10\/20 +0\.5/);
    expect(stdout).toMatch(/write +m-1 +1 +1 +0 +30 +0\.5/);
    const document = JSON.parse((await run(['interactions', executionId, '--json'], folder.path)).stdout) as object;
    expect(document).toMatchObject({ interactions: [{ stage: 'greeting', prompt: 'Hello', response: 'You said: Hello' }], totals: { calls: 1, cost: 0.5, steps: [{ stepId: 'write', model: 'm-1' }] } });
    expect((await run(['show', executionId], folder.path)).stdout).toMatch(/models +1 call, 30 tokens, cost 0\.5/);
  });
});

describe('what an execution in a process of its own has made', () => {
  it('is in the database, and in the output folder when it has ended', async () => {
    const ended = await start(['run', 'made.yml', '--isolate', '--new', '--output-dir', 'isolated', '--db', 'isolated.db', '--json'], folder.path).ended;
    expect([ended.code, JSON.parse(ended.stdout)]).toEqual([0, expect.objectContaining({ artifacts: { count: 3, bytes: 70_021 }, interactions: expect.objectContaining({ calls: 1, cost: 0.5 }) })]);
    expect(readFileSync(join(folder.path, 'isolated/img/pixel.png')).equals(bytes)).toBe(true);
    expect(readFileSync(join(folder.path, 'isolated/answer.md'), 'utf8')).toBe('You said: Hello');
  });
});

describe('the planning pipeline on the command line', () => {
  it('is killed, its folder deleted, and begun again: every file is there, byte for byte, and nothing that was done is done again', async () => {
    const own = createFolder();
    const pipeline = join(import.meta.dirname, '../../docs/examples/planning-pipeline.yml');
    const words = (folderName: string, db: string): string[] => ['run', pipeline, '--output-dir', folderName, '--db', db, '--json'];
    const whole = await start(words('whole', 'whole.db'), own.path).ended;
    expect(whole.code).toBe(0);

    const victim = start(words('out', 'cut.db'), own.path, { PLANNING_TASK_MS: '25' });
    const strategy = join(own.path, 'out/002-14-strategic_decisions.md');
    for (let turn = 0; turn < 2_000 && !existsSync(strategy); turn++) await new Promise(resolve => setTimeout(resolve, 10));
    victim.kill('SIGKILL');
    await victim.ended;
    rmSync(join(own.path, 'out'), { recursive: true });
    const again = await start(words('out', 'cut.db'), own.path).ended;
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/Resumed .* steps were already completed/);

    const names = readdirSync(join(own.path, 'whole')).toSorted();
    expect(names.length).toBeGreaterThan(108);
    expect(readdirSync(join(own.path, 'out')).toSorted()).toEqual(names);
    // The report about the run has its times in it.
    for (const name of names.filter(one => one !== 'report.html')) expect(readFileSync(join(own.path, 'out', name)).equals(readFileSync(join(own.path, 'whole', name))), name).toBe(true);
    const { steps } = JSON.parse(again.stdout) as { steps: { attempts: number; interruptions: number }[] };
    expect(steps.every(({ attempts }) => attempts === 1)).toBe(true);
    own.remove();
  });
});
