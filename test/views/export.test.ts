import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { toDocumentParts } from '../../src/views/export/document-parts.ts';
import type { ExportEntry } from '../../src/views/export/export-entries.ts';
import { writeJson, writeYaml } from '../../src/views/export/write-document.ts';
import { gather } from '../../src/views/read-history.ts';
import { parseMermaid } from './parse-mermaid.ts';
import { createFolder, run } from './program-harness.ts';

const folder = createFolder();
const cwd = folder.path;
afterAll(() => folder.remove());
const db = ['--db', 'export.db'];
let id = '';

beforeAll(async () => {
  writeFileSync(join(cwd, 'flow.yml'), `id: exported
description: "text: [yes], #1\\n- \\"quoted\\" 🎉"
concurrency: 3
steps:
${Array.from({ length: 12 }, (_, index) => `  - { id: step-${index}, uses: "tool:echo",${index === 0 ? ' artifacts: [{ name: note.md, from: output.text }],' : ''} with: { n: ${index}, text: "a\\n: b" }${index > 0 ? `, depends_on: [step-${index - 1}]` : ''} }`).join('\n')}
  - { id: each, uses: "tool:echo", for_each: [1, 2, 3], with: "{% item * 2 %}" }
  - { id: bad, uses: "tool:bad", critical: false }
`);
  writeFileSync(join(cwd, 'tools.mjs'), 'export const echo = ({ input }) => input;\nexport const bad = () => { throw new Error("no"); };\n');
  await run(['run', 'flow.yml', '--tools', 'tools.mjs', ...db], cwd);
  id = JSON.parse((await run(['list', '--json', ...db], cwd)).stdout).executions[0].executionId;
});

const read = async (format: string): Promise<string> => (await run(['export', id, '--format', format, ...db], cwd)).stdout;
const toEntries = (text: string): ExportEntry[] => text.trimEnd().split('\n').map(line => JSON.parse(line) as ExportEntry);

describe('export', () => {
  it('writes every step in order, its items, and every transition with its number', async () => {
    const { execution, definition, steps, transitions, consolidated, artifacts, ...rest } = JSON.parse(await read('json'));
    expect(rest).toEqual({ format: 'flowstone-execution', version: 1 });
    expect(execution).toMatchObject({ executionId: id, flowId: 'exported', status: 'scored', passed: true, input: {}, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(definition.steps).toHaveLength(14);
    expect(consolidated).toMatchObject({ consolidatedSessionId: `${id}_consolidated_1`, status: 'completed', score: 13 / 14, passed: true });
    expect(consolidated).not.toHaveProperty('steps');
    expect(artifacts).toMatchObject([{ name: 'note.md', stepId: 'step-0', kind: 'markdown', size: 5 }]);
    expect(steps.map(({ index, item = -1 }: { index: number; item?: number }) => [index, item])).toEqual([
      ...Array.from({ length: 12 }, (_, index) => [index, -1]), [12, -1], [12, 0], [12, 1], [12, 2], [13, -1],
    ]);
    expect(steps[11]).toMatchObject({ stepId: 'step-11', sessionId: `${id}_step_11`, status: 'completed', attempts: 1, output: { n: 11, text: 'a\n: b' } });
    expect(steps[15]).toMatchObject({ item: 2, input: 6, output: 6 });
    expect(steps.at(-1)).toMatchObject({ status: 'failed', failure: { code: 'tool_threw', message: 'no' } });
    expect(transitions.map(({ seq }: { seq: number }) => seq)).toEqual(transitions.map((_: unknown, index: number) => index + 1));
    expect(transitions.at(-1)).toMatchObject({ address: `orchestrator/flow:${id}`, state: 'scored' });
  });

  it('says the same as lines, as JSON and as YAML', async () => {
    const document = JSON.parse(await read('json'));
    const yaml = await read('yaml');
    expect(parse(yaml)).toEqual(document);
    const entries = toEntries(await read('jsonl'));
    const list = (type: string): unknown[] => entries.filter(entry => entry.type === type).map(({ type: _type, ...rest }) => rest);
    const [{ type: _type, ...head }, { definition }] = entries as [ExportEntry, Extract<ExportEntry, { type: 'definition' }>];
    expect({ ...head, definition, steps: list('step'), transitions: list('transition'), consolidated: list('consolidated')[0], artifacts: list('artifact') }).toEqual(document);
    // Written a part at a time, as if it were written at once.
    expect(await read('json')).toBe(`${JSON.stringify(document, null, 2)}\n`);
    expect(yaml).toBe(stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
    expect(entries.at(-1)).toEqual({ type: 'end', steps: document.steps.length, transitions: document.transitions.length, artifacts: document.artifacts.length });
  });

  it('writes a document a part at a time, also one of which little is there', async () => {
    async function* tell(...entries: object[]): AsyncGenerator<ExportEntry> {
      yield* entries as ExportEntry[];
    }
    const head = [{ type: 'export', format: 'flowstone-execution', version: 1, execution: {} }, { type: 'definition', digest: 'd', definition: { id: 'f' } }];
    const end = { type: 'end', steps: 0, transitions: 0, artifacts: 0 };
    const step = { type: 'step', output: 'a\n  b:\n' };
    for (const [entries, more] of [
      [[...head, end], { steps: [], transitions: [], consolidated: null, artifacts: [] }],
      [[...head, step, step, { type: 'artifact' }, end], { steps: [{ output: 'a\n  b:\n' }, { output: 'a\n  b:\n' }], transitions: [], consolidated: null, artifacts: [{}] }],
      [[...head, { type: 'transition' }, { type: 'consolidated', score: 1 }, end], { steps: [], transitions: [{}], consolidated: { score: 1 }, artifacts: [] }],
    ] as const) {
      const document = { format: 'flowstone-execution', version: 1, execution: {}, definition: { id: 'f' }, ...more };
      const json = await gather(writeJson(toDocumentParts(tell(...entries))));
      expect(json.join('')).toBe(`${JSON.stringify(document, null, 2)}\n`);
      expect((await gather(writeYaml(toDocumentParts(tell(...entries))))).join('')).toBe(stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
      expect(json.length).toBeGreaterThan(entries.length);
    }
  });

  it('draws a diagram', async () => {
    expect(await parseMermaid(await read('mermaid'))).toBe('stateDiagram');
    expect(await parseMermaid((await run(['graph', '--execution', id, '--type', 'state', ...db], cwd)).stdout)).toBe('stateDiagram');
    expect(await parseMermaid((await run(['graph', 'flow.yml', '--type', 'state', '--direction', 'LR'], cwd)).stdout)).toBe('stateDiagram');
  });

  it('writes a file whole, or leaves it as it was', async () => {
    const { code, stdout } = await run(['export', id.slice(0, 30), '--format', 'jsonl', '--out', 'out.jsonl', '--json', ...db], cwd);
    expect([code, JSON.parse(stdout)]).toEqual([0, { executionId: id, flowId: 'exported', format: 'jsonl', file: join(cwd, 'out.jsonl'), database: join(cwd, 'export.db') }]);
    expect(readFileSync(join(cwd, 'out.jsonl'), 'utf8')).toBe(await read('jsonl'));
    mkdirSync(join(cwd, 'taken'));
    const failed = await run(['export', id, '--out', 'taken', ...db], cwd);
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('(file_unwritable)')]);
    expect((await run(['export', id, '--out', 'missing/out.json', ...db], cwd)).stderr).toContain('missing/out.json');
    expect(readdirSync(cwd).filter(name => name.endsWith('.tmp'))).toEqual([]);
    expect(existsSync(join(cwd, 'missing'))).toBe(false);
  });

  it('gives one document with --json, whatever the format', async () => {
    const json = JSON.parse((await run(['export', id, '--json', ...db], cwd)).stdout);
    expect(json).toMatchObject({ executionId: id, format: 'json', content: { execution: { executionId: id } } });
    const jsonl = JSON.parse((await run(['export', id, '--format', 'jsonl', '--json', ...db], cwd)).stdout);
    expect(jsonl.content).toBe(await read('jsonl'));
  });

  it('refuses a format it does not have, and names the one that was meant', async () => {
    const { code, stderr } = await run(['export', id, '--format', 'yml', ...db], cwd);
    expect([code, stderr]).toEqual([2, expect.stringContaining('got `yml`; did you mean `yaml`?')]);
  });
});
