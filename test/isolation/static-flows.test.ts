import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import { loadSession } from '../../src/kinds/flows/consolidation/read-session.ts';
import { openSqliteReader } from '../../src/open-records.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { expectCode } from '../persistence/conformance/commit.ts';
import { expectTakenIn, makePlace, openIsolated, readLines, readSession } from './open-isolated.ts';
import { until } from '../kit/until.ts';

describe('a static flow', () => {
  it('runs in a process of its own that opens no database, under one id everywhere', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [{ id: 'who', flow_type: 'static', steps: [{ id: 'who', uses: 'tool:who' }, { id: 'again', uses: 'tool:who', depends_on: ['who'] }] }]);
    const execution = await runtime.start('who', { idempotencyKey: 'once' });
    const settled = await execution.settled();
    const output = settled.steps[0]?.output as { pid: number; databases: string[] };
    expect(settled).toMatchObject({ status: 'scored', passed: true, score: 1 });
    expect(output.pid).not.toBe(process.pid);
    expect(output.databases).toEqual([]);
    const { executionId } = execution;
    expect((await runtime.list()).map(summary => summary.executionId)).toEqual([executionId]);
    expect(await runtime.start('who', { idempotencyKey: 'once' })).toMatchObject({ executionId, created: false });
    expect(readSession(place, executionId)).toMatchObject({ executionId, status: 'scored', score: 1, consolidated: { status: 'completed', totalTools: 2, content: null }, steps: [{ sessionId: `${executionId}_step_0`, output }, { index: 1 }] });
    await runtime.stop();
    const reader = openSqliteReader({ file: place.file });
    expect(reader.isolations.get(1)).toMatchObject({ status: 'ended', session: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(reader.isolations.listOpen(0, 10)).toEqual([]);
    reader.close();
    await expectTakenIn(place, executionId);
  });

  it('shows what it does while it does it', async () => {
    const place = makePlace();
    const file = join(place.folder, 'go');
    const runtime = await openIsolated(place, [{ id: 'live', steps: [{ id: 'first', uses: 'tool:who' }, { id: 'second', uses: 'tool:gate', with: { file }, depends_on: ['first'] }] }]);
    const execution = await runtime.start('live', { isolate: true });
    expect((await execution.get()).status).toBe('pending');
    const states: string[] = [];
    for await (const update of execution.transitions()) {
      if (update.type !== 'transition') continue;
      states.push(`${update.address.split('/').at(-1)?.split(':')[0]} ${update.state}`);
      if (states.at(-1) === 'step running' && states.length > 2) {
        expect((await execution.get()).steps.map(({ status }) => status)).toEqual(['completed', 'running']);
        expect((await runtime.list())[0]?.status).toBe('stepping');
        writeFileSync(file, '');
      }
    }
    expect(states.at(-1)).toBe('flow scored');
    await runtime.stop();
    await expectTakenIn(place, execution.executionId);
  });

  it('runs here when the start says so, and a dynamic one there', async () => {
    const place = makePlace();
    const steps = [{ id: 'pid', uses: 'exec', with: { command: process.execPath, args: ['-p', 'process.ppid'] } }];
    const runtime = await openIsolated(place, [{ id: 'static', flow_type: 'static', steps }, { id: 'dynamic', steps }], {});
    const run = async (id: string, isolate?: boolean): Promise<boolean> => {
      const { steps: [step] } = await (await runtime.start(id, isolate === undefined ? {} : { isolate })).settled();
      return Number((step?.output as { stdout: string } | undefined)?.stdout) === process.pid;
    };
    expect(await Promise.all([run('static'), run('static', false), run('dynamic'), run('dynamic', true)])).toEqual([false, true, true, false]);
  });

  it('takes flows that it starts, lists, retries and failures with it', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [
      { id: 'child', input: { type: 'object' }, steps: [{ id: 'work', uses: 'tool:work', with: { size: 10 } }] },
      {
        id: 'parent', flow_type: 'static', mode: 'lenient',
        steps: [
          { id: 'items', uses: 'tool:work', for_each: [1, 2, 3], with: { ms: 1 } },
          { id: 'child', uses: 'flow:child', depends_on: ['items'] },
          { id: 'bad', uses: 'exec', with: { command: 'false' }, retry: { maxAttempts: 2, initialInterval: '1ms' }, critical: false },
        ],
      },
    ]);
    const { executionId, steps, status } = await (await runtime.start('parent')).settled();
    expect(status).toBe('scored');
    expect(steps.map(step => [step.stepId, step.status, step.attempts])).toEqual([['items', 'completed', 1], ['child', 'completed', 1], ['bad', 'failed', 2]]);
    expect((await runtime.list()).map(summary => [summary.executionId, summary.status])).toEqual([[`${executionId}.child`, 'scored'], [executionId, 'scored']]);
    await runtime.stop();
    for (const id of [executionId, `${executionId}.child`]) await expectTakenIn(place, id);
  });

  it('keeps a long session readable without repeating its steps', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [
      { id: 'first', steps: [{ id: 'a', uses: 'exec', with: { command: 'true' } }] },
      { id: 'long', flow_type: 'static', steps: [{ id: 'a', uses: 'tool:work', with: { size: 50_000 } }] },
    ]);
    await (await runtime.start('first')).settled();
    const { executionId } = await (await runtime.start('long')).settled();
    await runtime.stop();
    const reader = openSqliteReader({ file: place.file });
    const record = reader.getExecution(executionId) as ExecutionRecord;
    const row = reader.getConsolidated(record.key) as ConsolidatedRecord;
    expect(row.content).toBeNull();
    const { steps } = await loadSession(reader, record, row);
    expect(steps).toMatchObject([{ stepId: 'a', success: true, output: { text: 'x'.repeat(50_000) }, toolCalls: [{ tool: 'work' }] }]);
    reader.close();
  });

  it('writes the files of its artifacts where the owner says, and knows what must not be stored', async () => {
    const place = makePlace();
    const folder = join(place.folder, 'out');
    const runtime = await openIsolated(place, [{ id: 'make', flow_type: 'static', steps: [{ id: 'make', uses: 'tool:make' }] }], {}, { outputDir: folder, secrets: ['hunter2'] });
    const execution = await runtime.start('make');
    expect(await execution.settled()).toMatchObject({ passed: true });
    // Files are written after the commit, by the process that made it.
    await until(() => existsSync(join(folder, 'note.txt')), 'the file is there');
    expect(readFileSync(join(folder, 'note.txt'), 'utf8')).toBe('hello');
    expect(readFileSync(join(place.processes, execution.executionId, 'request.json'), 'utf8')).not.toContain('hunter2');
    await runtime.stop();
    const reader = openSqliteReader({ file: place.file });
    expect(reader.artifacts.list({ executionId: execution.executionId })).toMatchObject([{ name: 'note', executionKey: 1, size: 5 }]);
    expect(reader.artifacts.readPiece(1, 1, 0)).toEqual(new TextEncoder().encode('hello'));
    const [call] = reader.interactions.list({ executionId: execution.executionId });
    expect(call?.prompt).toContain('the word is');
    expect(JSON.stringify(call)).not.toContain('hunter2');
    reader.close();
  });

  it('takes signals', async () => {
    const place = makePlace();
    const runtime = await openIsolated(place, [{ id: 'ask', flow_type: 'static', steps: [{ id: 'answer', uses: 'signal', with: { name: 'go' } }] }]);
    const execution = await runtime.start('ask');
    await execution.signal('go', { by: 'A' });
    expect((await execution.settled()).steps[0]?.output).toEqual({ by: 'A' });
    await runtime.stop();
    await expectTakenIn(place, execution.executionId);
  });
});

describe('many static flows at once', () => {
  it('share one database and the processes they are allowed', async () => {
    const place = makePlace();
    const file = join(place.folder, 'log');
    const runtime = await openIsolated(place, [{ id: 'work', flow_type: 'static', steps: [{ id: 'a', uses: 'tool:work', with: { file, ms: 100 } }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] }], { maxProcesses: 2 });
    const executions = await Promise.all(Array.from({ length: 5 }, () => runtime.start('work')));
    const settled = await Promise.all(executions.map(execution => execution.settled()));
    expect(settled.map(({ passed }) => passed)).toEqual(Array.from({ length: 5 }, () => true));
    let running = 0;
    let most = 0;
    for (const line of readLines(file)) most = Math.max(most, (running += line.startsWith('begin') ? 1 : -1));
    expect(readLines(file)).toHaveLength(10);
    expect(most).toBeLessThanOrEqual(2);
    expect(new Set(readLines(file).map(line => line.split(' ')[1])).size).toBe(5);
    await runtime.stop();
    for (const { executionId } of executions) await expectTakenIn(place, executionId);
  });
});

describe('a start that cannot have a process of its own', () => {
  it('is refused with what to do', async () => {
    const flows = [defineFlow({ id: 'x', flow_type: 'static', steps: [{ id: 'a', uses: 'tool:own' }] })];
    const others = [
      defineFlow({ id: 'queues', flow_type: 'static', steps: [{ id: 'a', uses: 'publish', with: { queue: 'q', payload: 1 } }] }),
      defineFlow({ id: 'scored', flow_type: 'static', consolidation: { uses: 'mine' }, steps: [{ id: 'a', uses: 'exec', with: { command: 'true' } }] }),
      defineFlow({ id: 'starts', flow_type: 'static', steps: [{ id: 'a', uses: 'flow:nowhere' }] }),
    ];
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [...flows, ...others], tools: [{ name: 'own', run: () => 1 }] });
    for (const id of ['x', 'queues', 'scored', 'starts']) await expectCode(() => runtime.start(id), 'isolation_unavailable');
    expect((await (await runtime.start('x', { isolate: false })).settled()).passed).toBe(true);
    await runtime.stop();
    const off = await createRuntime({ store: createMemoryStore(), flows, tools: [{ name: 'own', run: () => 1 }], isolation: false });
    expect((await (await off.start('x')).settled()).passed).toBe(true);
    await expectCode(() => off.start('x', { isolate: true }), 'isolation_unavailable');
    await off.stop();
    for (const isolation of [{ maxProcesses: 0 }, { timeoutMs: 0.5 }, { killAfterMs: -1 }, { tools: '' }, { durability: 'none' as never }]) {
      await expectCode(() => createRuntime({ store: createMemoryStore(), isolation }), 'option_invalid');
    }
  });

  it('works on a store in memory, whose processes keep their files in a temporary folder', async () => {
    const runtime = await createRuntime({ store: createMemoryStore(), flows: [defineFlow({ id: 'x', flow_type: 'static', steps: [{ id: 'a', uses: 'exec', with: { command: 'true' } }] })] });
    const { passed } = await (await runtime.start('x')).settled();
    expect(passed).toBe(true);
    await runtime.stop();
  });
});
