import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { models, tools } from '../../docs/examples/planning-pipeline.tools.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { Tool } from '../../src/kinds/flows/tool.ts';

const folder = join(import.meta.dirname, '../../docs/examples');
const flow = await loadFlow(join(folder, 'planning-pipeline.yml'));
const graph = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/planexe/pipeline.json'), 'utf8')) as {
  tasks: { name: string; requires: string[]; outputs: { file: string; kind: string }[]; llm: boolean; fan_out: boolean }[];
};
const kinds: { [kind: string]: string } = { raw_json: 'raw', clean_json: 'clean', markdown: 'markdown', html: 'html', csv: 'csv', text: 'text' };

async function runPipeline(input: object = {}): Promise<{ runtime: Runtime; executionId: string; digests: Map<string, string> }> {
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow], tools: Object.entries(tools).map(([name, run]) => ({ name, run: run as Tool['run'] })), models, listen: false });
  const execution = await runtime.start('planning-pipeline', { input });
  expect(await execution.settled()).toMatchObject({ passed: true, score: 1 });
  const { executionId } = execution;
  return { runtime, executionId, digests: new Map((await runtime.artifacts.list(executionId)).map(({ name, sha256 }) => [name, sha256])) };
}

describe('the planning pipeline', () => {
  it('is the real graph: every task, every dependency, every document', () => {
    expect(flow.steps.map(({ id, depends_on }) => [id, depends_on])).toEqual(graph.tasks.map(({ name, requires }) => [name, requires]));
    expect(flow.steps.flatMap(({ artifacts = [] }) => artifacts.map(({ name, kind }) => [name, kind]))).toEqual(
      graph.tasks.flatMap(({ outputs }) => outputs.map(({ file, kind }) => [file, kinds[kind]])),
    );
    expect(flow.steps.flatMap(({ artifacts = [] }) => artifacts)).toHaveLength(108);
    const asking = new Set(graph.tasks.filter(({ llm }) => llm).map(({ name }) => name));
    expect(new Set(flow.steps.filter(({ uses }) => uses.startsWith('tool:planning.draft')).map(({ id }) => id))).toEqual(asking);
  });

  it('makes the same plan every time, and another one of another prompt', async () => {
    const first = await runPipeline();
    const again = await runPipeline();
    const other = await runPipeline({ prompt: 'Open a bakery' });
    expect([...again.digests]).toEqual([...first.digests]);
    expect(first.digests.size).toBeGreaterThan(108);
    const same = [...other.digests].filter(([name, digest]) => first.digests.get(name) === digest).map(([name]) => name);
    // Only the start time does not hang on the prompt.
    expect(same).toEqual(['001-1-start_time.json']);
    for (const { runtime } of [first, again, other]) await runtime.stop();
  });

  it('records every call of the model', async () => {
    const { runtime, executionId } = await runPipeline();
    const { calls, completed, totalTokens, steps } = await runtime.interactions.totals(executionId);
    expect(steps).toHaveLength(50);
    expect([calls, calls > 50 + 5 * 2, totalTokens > 10_000]).toEqual([completed, true, true]);
    await runtime.stop();
  });
});
