import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore, type MemoryRecords } from '../../src/open-records.ts';
import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { ImportResult } from '../../src/import/import-runs.ts';
import { importRuns } from '../../src/import/import-runs.ts';
import { catchError, expectCode } from '../persistence/conformance/commit.ts';
import { owner } from '../persistence/conformance/fixtures.ts';
import { loadSession } from '../../src/kinds/flows/consolidation/read-session.ts';
import type { ConsolidatedSession } from '../../src/kinds/flows/consolidation/session.ts';

const logs = join(import.meta.dirname, '../fixtures/reev/logs');
const failedLog = join(logs, 'test_manual.jsonl');
const id = '057d2e4a-f687-469f-8885-ad57759817c0';
const session = join(logs, `session_${id}.json`);
const trace = join(logs, `enhanced_otel_${id}.jsonl`);
const failedId = '974b44e5-8346-47ed-9da7-916f0836696f';

let folder = '';
let store: MemoryRecords;
let lastKey = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-import-'));
  store = createMemoryStore();
  lastKey = store.acquire(owner);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...paths: string[]): Promise<ImportResult[]> => importRuns(store, paths, Math.max(lastKey, ...store.listExecutions({}).map(({ key }) => key)), 1_800_000_000_000);
const readRow = (executionId: string): ConsolidatedRecord => store.getConsolidated(store.getExecution(executionId)?.key ?? 0) as ConsolidatedRecord;
const readContent = async (executionId: string): Promise<ConsolidatedSession> => loadSession(store, store.getExecution(executionId) as ExecutionRecord, readRow(executionId));

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

let time = Date.parse('2025-11-06T16:00:00Z');
const event = (type: string, parts: object): string =>
  JSON.stringify({ timestamp: new Date((time += 1_000)).toISOString(), session_id: 's-1', event_type: type, prompt: null, tool_input: null, tool_output: null, timing: {}, metadata: {}, ...parts });
const input = (tool: string, args: object = {}): string => event('ToolInput', { tool_input: { tool_name: tool, tool_args: args } });
const output = (success: boolean, results: unknown = 'ok', error: string | null = null): string => event('ToolOutput', { tool_output: { success, results, error_message: error } });
const importLines = async (...lines: string[]): Promise<ConsolidatedSession> => {
  await run(write('t.jsonl', lines.join('\n')));
  return readContent('s-1');
};
const toCalls = ({ steps }: ConsolidatedSession): unknown[] => steps.flatMap(({ toolCalls }) => toolCalls.map(({ tool, status, output: made }) => [tool, status, made]));

describe('the failed log of the predecessor', () => {
  it('becomes a failed execution with two failed steps and score 0', async () => {
    const [result] = await run(failedLog);
    expect(result).toMatchObject({ result: 'imported', executionId: failedId, record: { status: 'failed', score: 0, passed: false, failure: { code: 'imported_failure' } } });
    expect(store.getExecution(failedId)).toMatchObject({ flowId: 'dynamic-1762446390-bbf20692', status: 'failed', score: 0, passed: false });
    expect(store.listSteps(1).map(({ stepId, status }) => [stepId, status])).toEqual([['balance_check', 'failed'], ['complex_swap', 'failed']]);
    expect(store.listSteps(1)[1]?.failure?.message).toBe('Invalid parameters: swap amount must be greater than 0');
    expect(readRow(failedId)).toMatchObject({ status: 'failed', successRate: 0, totalTools: 2, executionDurationMs: 14_189 });
    expect(toCalls(await readContent(failedId))).toEqual([['get_account_balance', 'failed', null], ['jupiter_swap_flow', 'failed', null]]);
    expect(store.catalog.listLabels(failedId)).toMatchObject([{ name: 'agent', value: 'glm-4.6-coding' }]);
  });

  it('is reported with what was left out, and why', async () => {
    const [result] = await run(failedLog);
    expect(result?.run.events).toBe(12);
    expect(result?.run.skipped.map(({ line }) => line)).toEqual([13, 14]);
    expect(result?.run.notes).toEqual([
      expect.stringMatching(/^line 6: an error logged as an input of get_account_balance, and no call/),
      expect.stringMatching(/^line 11: an error logged as an input of jupiter_swap, and no call/),
      'the plan had 4 steps, 2 began; nothing is known of the others',
    ]);
  });
});

describe('the session that succeeded', () => {
  it.each([['session file', session], ['trace', trace]])('becomes a scored execution from its %s', async (_kind, path) => {
    const [result] = await run(path);
    expect(result).toMatchObject({ result: 'imported', executionId: id, record: { status: 'scored', score: 1, passed: true } });
    expect(readRow(id)).toMatchObject({ status: 'completed', totalTools: 1 });
  });

  it('becomes one execution from both, with the tool that was called and what was seen afterwards', async () => {
    const results = await run(session, trace, failedLog);
    expect(results.map(({ executionId, result }) => [executionId, result])).toEqual([[id, 'imported'], [failedId, 'imported']]);
    expect(store.getExecution(id)).toMatchObject({ flowId: '001-sol-transfer', status: 'scored', startedAt: 1_761_795_821_000, settledAt: 1_761_795_858_000 });
    expect(JSON.parse(store.getExecution(id)?.input ?? '')).toMatchObject({ prompt: expect.stringMatching(/^Please send/), importedFrom: { sessionId: id, agent: 'glm-4.6', reported: { success: true, score: 1 }, files: [{ format: 'session' }, { format: 'trace' }] } });
    const { steps: [step] } = await readContent(id);
    expect(step).toMatchObject({ stepId: 'sol_transfer', success: true, output: { observation: { last_transaction_status: 'Success' } }, toolCalls: [{ tool: 'sol_transfer', status: 'completed' }] });
  });
});

describe('importing again', () => {
  it('changes nothing, whatever the file is called', async () => {
    await run(session, trace, failedLog);
    const before = store.toBytes();
    const copy = write('another-name.jsonl', readFileSync(failedLog, 'utf8'));
    expect((await run(session, trace, failedLog, failedLog, copy)).map(({ result }) => result)).toEqual(['unchanged', 'unchanged']);
    expect((await run(session)).map(({ result }) => result)).toEqual(['unchanged']);
    expect(store.toBytes()).toEqual(before);
  });

  it('leaves a run alone that is there from another file, and says so', async () => {
    await run(session);
    const before = store.toBytes();
    expect(await run(trace)).toMatchObject([{ result: 'skipped', reason: expect.stringContaining(`session_${id}.json`) }]);
    expect(store.toBytes()).toEqual(before);
  });
});

describe('calls of a trace', () => {
  it('are two when a tool is called twice', async () => {
    const content = await importLines(input('get', { n: 1 }), output(true, 'a'), input('get', { n: 2 }), output(true, 'b'));
    expect(toCalls(content)).toEqual([['get', 'completed', 'a'], ['get', 'completed', 'b']]);
    expect(content.steps.map(({ stepId }) => stepId)).toEqual(['get', 'get_2']);
  });

  it('stay successes when their answers contain the word "error", and failures when they do not', async () => {
    const content = await importLines(input('get'), output(true, 'no error: 404 failed'), input('put'), output(false, 'all fine'));
    expect(content.steps.map(({ success }) => success)).toEqual([true, false]);
    expect(content).toMatchObject({ status: 'failed', score: 0 });
  });

  it('are failures without an output, and an output without a call is left out', async () => {
    const content = await importLines(output(true, 'lost'), input('get'));
    expect(toCalls(content)).toEqual([['get', 'failed', null]]);
    expect(content.extra).toMatchObject({ notes: [expect.stringContaining('an output without a call'), expect.stringContaining('has no output')] });
  });

  it('that are open together are paired by age, and none is a success when one of them failed', async () => {
    const both = await importLines(input('one'), input('two'), output(true, 1), output(true, 2));
    expect(toCalls(both)).toEqual([['one', 'completed', 1], ['two', 'completed', 2]]);
    store = createMemoryStore();
    store.acquire(owner);
    const one = await importLines(input('one'), input('two'), output(true, 1), output(false, 2), input('three'), output(true, 3));
    expect(toCalls(one)).toEqual([['one', 'failed', null], ['two', 'failed', null], ['three', 'completed', 3]]);
  });

  it('keep their order beyond ten', async () => {
    const content = await importLines(...Array.from({ length: 13 }, (_, index) => [input(`tool-${index}`), output(true, index)]).flat());
    expect(content.steps.map(({ index, output: made }) => [index, made])).toEqual(Array.from({ length: 13 }, (_, index) => [index, index]));
  });

  it('fail their step when an error is logged behind them', async () => {
    const content = await importLines(input('get'), output(true, 'fine'), input('get', { error: 'it was not' }));
    expect(content.steps[0]).toMatchObject({ success: false, output: null, failure: { message: 'it was not' } });
  });
});

describe('a session file', () => {
  const make = (result: object | null, parts: object = {}): object => ({ session_id: 's-1', benchmark_id: '../b 1', agent_type: 'a', start_time: 10, end_time: 12, events: [], final_result: result, ...parts });
  const step = (status: string | null, error: string | null = null): object => ({ action: [{ program_id: 'p' }], observation: { last_transaction_status: status, last_transaction_error: error }, thought: null, info: {} });

  it('that calls itself a success is none when a step failed, nor when it has no steps or no result', async () => {
    for (const [name, result] of Object.entries({
      failed: { success: true, score: 1, status: 'Succeeded', data: { prompt: 'p', steps: [step('Success'), step('Failure', 'no funds')] } },
      contradicting: { success: true, score: 1, data: { steps: [step('Success', 'but no')] } },
      unknown: { success: true, score: 1, data: { steps: [step(null)] } },
      empty: { success: true, score: 1, data: { steps: [] } },
      missing: null,
    })) {
      await run(write(`${name}.json`, make(result, { session_id: name })));
      expect(store.getExecution(name), name).toMatchObject({ status: 'failed', score: 0, passed: false, flowId: '.._b_1'.replace(/^\./, 'imported.') });
    }
  });

  it('that calls itself a failure is one, though its steps succeeded', async () => {
    await run(write('s.json', make({ success: false, score: 0.4, data: { steps: [step('Success')] } })));
    expect(store.getExecution('s-1')).toMatchObject({ status: 'failed', score: 0 });
    expect(await readContent('s-1')).toMatchObject({ steps: [{ success: true }], extra: { importedFrom: { reported: { success: false, score: 0.4 } } } });
  });
});

describe('a bad file', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'hello\nworld\n'],
    ['other JSON', '{"a":1}'],
    ['a session without a start', { session_id: 'x', final_result: { success: true } }],
    ['a trace with a broken line', `${input('get')}\n{"timestamp"\n${output(true)}`],
    ['a trace with a foreign line', `${input('get')}\n{"a":1}\n${output(true)}`],
    ['a trace of summaries', '{"session_id":"x","total_events":1,"tool_calls":0}'],
  ])('is refused whole, with the good ones beside it: %s', async (_what, content) => {
    const error = await catchError(() => run(failedLog, write('bad.log', content)));
    expect(error).toMatchObject({ code: 'import_invalid', message: expect.stringMatching(/bad\.log/) });
    expect(store.listExecutions({})).toEqual([]);
  });

  it('may be missing, or one of two that differ', async () => {
    await expectCode(() => run(failedLog, join(folder, 'nowhere')), 'file_unreadable');
    await expectCode(() => run(write('a.jsonl', input('a')), write('b.jsonl', input('b'))), 'import_invalid');
    expect(store.listExecutions({})).toEqual([]);
  });

  it('may end in the middle of its last line', async () => {
    const [result] = await run(write('cut.jsonl', `${input('get')}\n${output(true)}\n{"timest`));
    expect(result).toMatchObject({ result: 'imported', record: { status: 'scored' }, run: { skipped: [{ line: 3, reason: expect.stringContaining('cut off') }] } });
  });
});
