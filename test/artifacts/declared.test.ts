import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const read = async (runtime: Runtime, executionId: string, name: string): Promise<string> => (await runtime.artifacts.get(executionId, name)).text();

describe('an artifact that a step declares', () => {
  it('is made of the output, and stored with it', async () => {
    const store = createMemoryStore();
    const { runtime } = await openRuntime(
      {
        id: 'f',
        steps: [{
          id: 'plan', uses: 'tool:t',
          artifacts: [
            { name: 'plan.md', from: 'output.text' },
            { name: 'raw.json', kind: 'raw', from: 'output', file: false },
            { name: 'data/{% input.name %}.csv', from: '"a,b\n" & output.n', file: 'table.csv' },
            { name: 'pixel.png', kind: 'binary', content_type: 'image/png', from: 'output.image' },
          ],
        }],
      },
      { t: () => ({ text: '# Plan', n: 2, image: Buffer.from([0, 255]).toString('base64') }) },
      { store },
    );
    const { executionId } = await runtime.start('f', { input: { name: 'x' } });
    await runtime.settled(executionId);
    expect((await runtime.artifacts.list(executionId)).map(({ name, kind, contentType, file, attempt }) => [name, kind, contentType, file, attempt])).toEqual([
      ['data/x.csv', 'csv', 'text/csv; charset=utf-8', 'table.csv', 1],
      ['pixel.png', 'binary', 'image/png', 'pixel.png', 1],
      ['plan.md', 'markdown', 'text/markdown; charset=utf-8', 'plan.md', 1],
      ['raw.json', 'raw', 'application/json', undefined, 1],
    ]);
    expect(await read(runtime, executionId, 'plan.md')).toBe('# Plan');
    expect(await read(runtime, executionId, 'data/x.csv')).toBe('a,b\n2');
    expect(JSON.parse(await read(runtime, executionId, 'raw.json'))).toMatchObject({ n: 2 });
    expect([...(await (await runtime.artifacts.get(executionId, 'pixel.png')).bytes())]).toEqual([0, 255]);
    await runtime.stop();
  });

  it('is not there when its step failed, and fails it when it cannot be made', async () => {
    const { runtime } = await openRuntime(
      {
        id: 'f',
        steps: [
          { id: 'a', uses: 'tool:t', artifacts: [{ name: 'a.md', from: 'output.text' }, { name: 'b.md', from: 'output.missing' }] },
          { id: 'b', uses: 'tool:t', artifacts: [{ name: '{% output.path %}', from: 'output.text' }] },
          { id: 'c', uses: 'tool:t', artifacts: [{ name: 'c.bin', kind: 'binary', from: 'output.path' }] },
        ],
      },
      { t: () => ({ text: 'x', path: '../../x' }) },
    );
    const execution = await runtime.start('f');
    const { steps } = await execution.settled();
    expect(steps.map(({ reason }) => reason?.code)).toEqual(['artifact_content_invalid', 'artifact_name_invalid', 'artifact_content_invalid']);
    expect(steps.map(({ reason }) => reason?.retryable)).toEqual([false, false, false]);
    expect(await runtime.artifacts.list(execution.executionId)).toEqual([]);
    await runtime.stop();
  });

  it('has a version for each attempt, and a name for each item', async () => {
    const { runtime, clock } = await openRuntime(
      {
        id: 'f',
        steps: [
          { id: 'a', uses: 'tool:flaky', retry: { maxAttempts: 2, initialInterval: 10, jitter: 'none' }, artifacts: [{ name: 'final.txt', from: 'output' }] },
          { id: 'b', uses: 'tool:item', for_each: '["x", "y"]', artifacts: [{ name: 'item-{% index %}.txt', from: 'item & output' }] },
        ],
      },
      {
        flaky: async call => {
          await call.artifact('log.txt', `attempt ${call.attempt}`);
          if (call.attempt === 1) throw new Error('Not yet');
          return 'done';
        },
        item: () => '!',
      },
    );
    const execution = await runtime.start('f');
    const settled = execution.settled();
    for (let turn = 0; turn < 50; turn++) await new Promise<void>(resolve => setImmediate(resolve));
    clock.advance(20);
    expect((await settled).passed).toBe(true);
    const all = await runtime.artifacts.list(execution.executionId, { versions: 'all' });
    expect(all.map(({ name, version, attempt, item }) => [name, version, attempt, item])).toEqual([
      ['final.txt', 1, 2, undefined], ['item-0.txt', 1, 1, 0], ['item-1.txt', 1, 1, 1], ['log.txt', 1, 1, undefined], ['log.txt', 2, 2, undefined],
    ]);
    expect(await read(runtime, execution.executionId, 'item-1.txt')).toBe('y!');
    await runtime.stop();
  });

  it('can be read by expressions downstream', async () => {
    const { runtime } = await openRuntime(
      {
        id: 'f',
        steps: [
          { id: 'a', uses: 'tool:make', artifacts: [{ name: 'plan.md', from: 'output.text' }, { name: 'facts.json', from: 'output.facts' }, { name: 'x.bin', kind: 'binary', from: '"AAA="' }] },
          { id: 'b', uses: 'tool:echo', depends_on: ['a'], with: { title: '{% steps.a.artifacts.`facts.json`.title %}', all: '{% $keys(steps.a.artifacts) %}', text: '{% steps.a.artifacts.`plan.md` %}' } },
        ],
      },
      { make: () => ({ text: '# Plan', facts: { title: 'T' } }), echo: ({ input }) => input },
    );
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[1]?.output).toEqual({ title: 'T', all: ['facts.json', 'plan.md', 'x.bin'], text: '# Plan' });
    await runtime.stop();
  });

  it('refuses to hand an expression more than an input may hold', async () => {
    const { runtime } = await openRuntime(
      {
        id: 'f',
        steps: [
          { id: 'a', uses: 'tool:make' },
          { id: 'b', uses: 'tool:echo', depends_on: ['a'], with: { text: '{% steps.a.artifacts.`plan.md` %}' } },
        ],
      },
      { make: call => call.artifact('plan.md', 'x'.repeat(2000)), echo: ({ input }) => input },
      { maxOutputBytes: 1000 },
    );
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[1]?.reason).toMatchObject({ code: 'artifact_too_large', retryable: false });
    await runtime.stop();
  });
});

describe('a definition with artifacts', () => {
  const check = (step: string): readonly { code: string; message: string; place: { line?: number } }[] => {
    try {
      parseFlow(`id: f\nsteps:\n  - id: a\n    uses: tool:t\n${step}`);
      return [];
    } catch (error) {
      if (!isFlowError(error, 'definition_invalid')) throw error;
      return error.details?.['problems'] as never;
    }
  };

  it.each([
    ['a name that leaves the folder', '    artifacts:\n      - { name: ../x, from: output }', 'artifact_name_invalid', 6],
    ['a file on a drive', '    artifacts:\n      - { name: x, file: "C:/x", from: output }', 'artifact_name_invalid', 6],
    ['a name twice', '    artifacts:\n      - { name: x, from: output }\n      - { name: x, from: output }', 'duplicate_artifact', 7],
    ['one name for all items', '    for_each: input.list\n    artifacts:\n      - { name: x, from: output }', 'duplicate_artifact', 7],
    ['a kind that there is not', '    artifacts:\n      - { name: x, kind: pdf, from: output }', 'invalid_value', 6],
    ['no source', '    artifacts:\n      - { name: x }', 'missing_key', 6],
    ['a key that there is not', '    artifacts:\n      - { name: x, from: output, contentType: a/b }', 'unknown_key', 6],
    ['an expression that is none', '    artifacts:\n      - { name: x, from: "output.(" }', 'expression_syntax', 6],
    ['a name that expressions do not know', '    artifacts:\n      - { name: x, from: outputs.x }', 'unknown_name', 6],
    ['an item without a list', '    artifacts:\n      - { name: "{% index %}.md", from: output }', 'item_unknown', 6],
    ['an output where there is none', '    with: { a: "{% output.x %}" }', 'unknown_name', 5],
    ['a model that is none', '    models: [a, { modell: b }]', 'invalid_value', 5],
  ])('is refused for %s, with its line', (_what, step, code, line) => {
    const problems = check(step);
    expect(problems.map(problem => problem.code)).toContain(code);
    expect(problems.find(problem => problem.code === code)?.place.line).toBe(line);
  });

  it('is refused for artifacts of a step that does nothing', () => {
    expect(() => parseFlow('id: f\nsteps:\n  - id: a\n    uses: sleep\n    with: { for: 1s }\n    artifacts: [{ name: x, from: output }]\n')).toThrow(/to have no `artifacts`/);
  });
});
