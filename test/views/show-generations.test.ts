import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFlow } from '../../src/definition/parse.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
const flow = `id: plan
steps:
  - { id: draft, uses: "tool:draft", artifacts: [{ name: draft.md, from: output }] }
  - { id: notes, uses: "tool:notes", artifacts: [{ name: notes.md, from: output }] }
`;
let executionId = '';

beforeAll(async () => {
  let life = 0;
  const draft = {
    name: 'draft',
    async run({ interaction }: ToolCall) {
      life += 1;
      for (let call = 0; call < life; call++) await interaction({ model: 'm', prompt: 'x' }, async () => ({ response: 'y', inputTokens: 100, outputTokens: 0 }));
      return `The draft of life ${life}`;
    },
  };
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(cwd, 'flowstone.db') }), tools: [draft, { name: 'notes', run: () => 'Notes' }], flows: [parseFlow(flow)] });
  ({ executionId } = await runtime.start('plan'));
  await runtime.settled(executionId);
  await runtime.retry(executionId, { step: 'draft' });
  await runtime.settled(executionId);
  await runtime.stop();
});
afterAll(() => folder.remove());

const show = async (...argv: string[]): Promise<Record<string, unknown>> => JSON.parse((await run(['show', executionId, ...argv, '--json'], cwd)).stdout) as Record<string, unknown>;
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('an execution that was retried, shown', () => {
  it('adds up the calls of models of the life that is shown', async () => {
    expect(await show('--generation', '1')).toMatchObject({ interactions: { calls: 1, totalTokens: 100 }, artifacts: { count: 2, bytes: 24 } });
    expect(await show()).toMatchObject({ interactions: { calls: 2, totalTokens: 200 }, artifacts: { count: 2, bytes: 24 } });
    expect((await run(['show', executionId, '--generation', '1'], cwd)).stdout).toMatch(/models +1 call, 100 tokens/);
    expect((await run(['interactions', executionId], cwd)).stdout).toMatch(/models +3 calls, 300 tokens/);
  });

  it('reports the documents of an earlier life as they stood then', async () => {
    const first = (await run(['export', executionId, '--format', 'html', '--generation', '1'], cwd)).stdout;
    expect([count(first, 'The draft of life 1') > 0, count(first, 'The draft of life 2')]).toEqual([true, 0]);
    const second = (await run(['export', executionId, '--format', 'html'], cwd)).stdout;
    expect([count(second, 'The draft of life 1'), count(second, 'The draft of life 2') > 0, count(second, 'notes.md') > 0]).toEqual([0, true, true]);
  });

  it('exports what an earlier life left, as data and as files', async () => {
    const { stdout } = await run(['export', executionId, '--generation', '1'], cwd);
    expect((JSON.parse(stdout) as { artifacts: object[] }).artifacts).toMatchObject([{ name: 'draft.md', version: 1 }, { name: 'notes.md', version: 1 }]);
    mkdirSync(join(cwd, 'out'));
    for (const [generation, text] of [['1', 'The draft of life 1'], ['2', 'The draft of life 2']] as const) {
      await run(['export', executionId, '--files', 'out', '--generation', generation], cwd);
      expect(readFileSync(join(cwd, 'out/draft.md'), 'utf8')).toBe(text);
    }
  });
});
