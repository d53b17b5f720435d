import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMachine } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import { openFilesReader, openFilesStore } from '../../persistence/files/open-files-store.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { loadBenchmark } from '../../src/benchmark-format/load-benchmark.ts';
import { readStats } from '../../src/catalog/read-stats.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { loadFlow } from '../../src/definition/load-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { joinRuntime } from '../../src/runtime/join-runtime.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { fail } from '../../src/core/outcome.ts';
import { defineTool } from '../../src/kinds/flows/tool.ts';
import { openRuntime, type Opened } from './open-runtime.ts';

// What callers without types may write: every option here is misspelt on purpose.
type Loose = (...given: unknown[]) => unknown;
const loose = (call: unknown): Loose => call as Loose;

let opened: Opened;
let executionId = '';
const folder = mkdtempSync(join(tmpdir(), 'flowstone-options-'));
const inTool: Record<string, string> = {};
const jobs = defineQueue({ name: 'jobs' });

/** What a call in a tool throws, as text. */
async function catchText(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'nothing';
  } catch (error) {
    return isFlowError(error) ? `${error.code}: ${error.message}` : `no FlowError: ${String(error)}`;
  }
}

beforeAll(async () => {
  opened = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:probe' }] }, {
    probe: async call => {
      inTool['artifact'] = await catchText(() => loose(call.artifact)('a.txt', 'x', { contenttype: 'text/plain' }));
      inTool['artifacts'] = await catchText(() => loose(call.artifacts)({ upstreams: true }));
      inTool['readArtifact'] = await catchText(() => loose(call.readArtifact)('a.txt', { versoin: 1 }));
      inTool['interaction'] = await catchText(() => loose(call.interaction)({ model: 'm', prompt: 'p', stages: 's' }));
      inTool['generate'] = await catchText(() => loose(call.generate)({ promt: 'p' }));
      inTool['publish'] = await catchText(() => loose(call.publish)(jobs, 1, { prioritiy: 'high' }));
      inTool['fail'] = await catchText(() => loose(fail)('no', { retriable: false }));
    },
  });
  const execution = await opened.runtime.start('f');
  executionId = execution.executionId;
  await execution.settled();
});
afterAll(async () => {
  await opened.runtime.stop();
  rmSync(folder, { recursive: true, force: true });
});

const store = createMemoryStore();
const machine = createMachine({ id: 'm' });
const file = (): string => join(folder, 'options.db');
const get = async (): Promise<Record<string, Loose>> => (await opened.runtime.get(executionId)) as unknown as Record<string, Loose>;

describe('an option nobody knows', () => {
  it.each<[door: string, call: () => unknown, code: string, meant: string]>([
    ['createRuntime', () => loose(createRuntime)({ store, tool: [] }), 'option_invalid', 'tools'],
    ['createRuntime, isolation', () => loose(createRuntime)({ store: createMemoryStore(), isolation: { maxProcess: 1 } }), 'option_invalid', 'maxProcesses'],
    ['createRuntime, queueAlerts', () => loose(createRuntime)({ store: createMemoryStore(), queueAlerts: { latency: 1 } }), 'option_invalid', 'latencyMs'],
    ['createRuntime, queueSettings', () => loose(createRuntime)({ store: createMemoryStore(), queues: [jobs], queueSettings: { jobs: { worker: 1 } } }), 'option_invalid', 'workers'],
    ['createRuntime, machines', () => loose(createRuntime)({ store: createMemoryStore(), machines: [{ machine, migration: [] }] }), 'option_invalid', 'migrations'],
    ['createRuntime, codecs', () => loose(createRuntime)({ store: createMemoryStore(), codecs: [{ name: 'x', matchs: () => true }] }), 'option_invalid', 'matches'],
    ['joinRuntime', () => loose(joinRuntime)({ open: () => store, read: () => store, maxRuningSteps: 1 }), 'option_invalid', 'maxRunningSteps'],
    ['start', () => loose(opened.runtime.start)('f', { idempotencykey: 'k' }), 'option_invalid', 'idempotencyKey'],
    ['list', () => loose(opened.runtime.list)({ statuses: ['failed'] }), 'option_invalid', 'status'],
    ['retry', () => loose(opened.runtime.retry)(executionId, { cascad: false }), 'option_invalid', 'cascade'],
    ['resume', () => loose(opened.runtime.resume)(executionId, { onNewDefiniton: true }), 'option_invalid', 'onNewDefinition'],
    ['consolidated', () => loose(opened.runtime.consolidated)(executionId, { generaton: 1 }), 'option_invalid', 'generation'],
    ['transitions', () => (opened.runtime.transitions as unknown as (id: string, range: object) => AsyncGenerator)(executionId, { aftr: 1 }).next(), 'option_invalid', 'after'],
    ['artifacts.list', () => loose(opened.runtime.artifacts.list)(executionId, { version: 'all' }), 'option_invalid', 'versions'],
    ['artifacts.get', () => loose(opened.runtime.artifacts.get)(executionId, 'a', { versions: 1 }), 'option_invalid', 'version'],
    ['interactions.list', () => loose(opened.runtime.interactions.list)(executionId, { stepid: 'a' }), 'option_invalid', 'stepId'],
    ['execution.get', async () => (await get())['get']?.({ item: true }), 'option_invalid', 'items'],
    ['execution.retry', async () => (await get())['retry']?.({ setps: ['a'] }), 'option_invalid', 'steps'],
    ['stop', () => loose(opened.runtime.stop)({ timeout: 1 }), 'option_invalid', 'timeoutMs'],
    ['spawn', () => loose(opened.runtime.spawn)(machine, { id: 'x', inputs: 1 }), 'option_invalid', 'input'],
    ['spawn, promises', () => loose(opened.runtime.spawn)(machine, { id: 'x', promises: { p: { maxAttempt: 1 } } }), 'option_invalid', 'maxAttempts'],
    ['actors', () => loose(opened.runtime.actors)({ machineid: 'm' }), 'option_invalid', 'machineId'],
    ['publish', () => loose(opened.runtime.publish)(jobs, 1, { delays: '1s' }), 'option_invalid', 'delay'],
    ['publish, to', () => loose(opened.runtime.publish)(jobs, 1, { to: { instances: 'a' } }), 'option_invalid', 'instance'],
    ['publishMany', () => loose(opened.runtime.publishMany)(jobs, [{ payload: 1, partitonKey: 'p' }]), 'option_invalid', 'partitionKey'],
    ['consume', () => loose(opened.runtime.consume)(jobs, () => {}, { worker: 2 }), 'option_invalid', 'workers'],
    ['consume, handler', () => loose(opened.runtime.consume)(jobs, { setup: () => {}, handle: () => {}, tearDown: () => {} }), 'option_invalid', 'teardown'],
    ['queues.peek', () => loose(opened.runtime.queues.peek)('jobs', { limits: 1 }), 'option_invalid', 'limit'],
    ['queues.outbox', () => loose(opened.runtime.queues.outbox)({ limt: 1 }), 'option_invalid', 'limit'],
    ['defineTool', () => loose(defineTool)({ name: 't', inputs: z.string(), run: () => 1 }), 'tool_invalid', 'input'],
    ['defineQueue', () => loose(defineQueue)({ name: 'q', worker: 1 }), 'queue_invalid', 'workers'],
    ['defineQueue, backoff', () => loose(defineQueue)({ name: 'q', backoff: { initialIntervall: 1 } }), 'queue_invalid', 'initialInterval'],
    ['defineQueue, retention', () => loose(defineQueue)({ name: 'q', retention: { complete: 1 } }), 'queue_invalid', 'completed'],
    ['openSqliteStore', () => loose(openSqliteStore)({ file: file(), durabilty: 'process' }), 'option_invalid', 'durability'],
    ['openSqliteReader', () => loose(openSqliteReader)({ file: file(), outdate: 'read' }), 'option_invalid', 'outdated'],
    ['openFilesStore', () => loose(openFilesStore)({ folders: folder }), 'option_invalid', 'folder'],
    ['openFilesReader', () => loose(openFilesReader)({ foldr: folder }), 'option_invalid', 'folder'],
    ['parseFlow', () => loose(parseFlow)('id: f', { tool: [] }), 'option_invalid', 'tools'],
    ['loadFlow', () => loose(loadFlow)('flow.yml', { machine: [] }), 'option_invalid', 'machines'],
    ['loadBenchmark', () => loose(loadBenchmark)('b.yml', { plans: () => [] }), 'option_invalid', 'plan'],
    ['readStats', () => loose(readStats)(store, { flowid: 'f' }), 'option_invalid', 'flowId'],
  ])('is refused by %s, with the one that was meant', async (_door, call, code, meant) => {
    const text = await catchText(call);
    expect(text).toMatch(new RegExp(`^${code}: Expected no option `));
    expect(text).toContain(`did you mean \`${meant}\`?`);
  });

  it.each([
    ['artifact', 'contentType'], ['artifacts', 'upstream'], ['readArtifact', 'version'], ['interaction', 'stage'], ['generate', 'prompt'], ['publish', 'priority'], ['fail', 'retryable'],
  ])('is refused by %s in a tool', (door, meant) => {
    expect(inTool[door]).toMatch(/^option_invalid: Expected no option /);
    expect(inTool[door]).toContain(`did you mean \`${meant}\`?`);
  });

  it('is answered with what there is when nothing is near', async () => {
    expect(await catchText(() => loose(opened.runtime.resume)(executionId, { zzz: 1 }))).toContain('it takes `onNewDefinition`');
  });

  it.each([[null], ['text'], [[1]]])('is no question where options are no object: %o', async given => {
    expect(await catchText(() => loose(opened.runtime.start)('f', given))).toMatch(/^option_invalid: Expected the options of `runtime.start` to be an object/);
    expect(await catchText(() => loose(defineTool)(given))).toMatch(/^tool_invalid: /);
  });
});

describe('what is missing', () => {
  it.each([[{}], [undefined], [{ store: 'app.db' }], [{ store: {} }]])('is named by createRuntime: %o', async given => {
    const text = await catchText(() => loose(createRuntime)(given));
    expect(text).toMatch(/^option_invalid: Expected `createRuntime` to be given a `store`, got /);
    expect(text).toContain('openSqliteStore({ file:');
  });

  it('is named by joinRuntime', async () => {
    expect(await catchText(() => loose(joinRuntime)({ open: () => store }))).toContain('`read` of `joinRuntime`');
  });

  it.each<[given: object, missing: string]>([
    [{ run: () => 1 }, 'the `name` of a tool'], [{ name: 't' }, '`run` of the tool "t"'], [{ name: 't', run: () => 1, input: { type: 'string' } }, '`input` of the tool "t" to be a schema of zod'],
  ])('is named by defineTool: %o', async (given, missing) => {
    const text = await catchText(() => loose(defineTool)(given));
    expect(text).toMatch(/^tool_invalid: /);
    expect(text).toContain(missing);
  });
});
