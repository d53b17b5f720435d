import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ConsolidatedSession } from '../../src/kinds/flows/consolidation/session.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { fail } from '../../src/core/outcome.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { createGate, openRuntime, settleTicks, until } from './open-runtime.ts';

const chain = (length: number): FlowSource => ({
  id: 'chain',
  steps: Array.from({ length }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', with: { index }, ...(index > 0 && { depends_on: [`s${index - 1}`] }) })),
});

const readRow = async (store: RecordReader, executionId: string): Promise<ConsolidatedRecord | undefined> => store.getConsolidated((await store.getExecution(executionId))?.key ?? 0);

describe('a consolidated session', () => {
  it.each([['memory', () => createMemoryStore()], ['sqlite', () => openSqliteStore({ file: ':memory:' })]] as const)('tells everything each step did, in numeric order, on %s', async (_name, create) => {
    let calls = 0;
    const flow: FlowSource = {
      id: 'all', min_score: 0.5,
      steps: [
        { id: 'first', uses: 'tool:flaky', with: { to: '{% input.to %}' }, retry: { maxAttempts: 2, initialInterval: 1_000 } },
        { id: 'each', uses: 'tool:double', for_each: [1, 2, 3], depends_on: ['first'] },
        { id: 'optional', uses: 'tool:broken', critical: false, weight: 2 },
        { id: 'never', uses: 'tool:work', when: false, weight: 50 },
        ...Array.from({ length: 9 }, (_, index) => ({ id: `more${index}`, uses: 'tool:work', with: { constant: index } })),
        { id: 'last', uses: 'tool:work', with: { seen: '{% steps.first.output %}' }, depends_on: ['each'] },
      ],
    };
    const { runtime, store, clock } = await openRuntime(flow, {
      flaky: () => (calls++ === 0 ? fail('not yet', { code: 'busy' }) : { answer: 'no error here' }),
      double: ({ input }) => (input as number) * 2,
      broken: () => fail('it broke', { code: 'broken', retryable: false }),
      work: ({ input }) => ({ got: input }),
    }, { store: create() });
    const execution = await runtime.start('all', { input: { to: 'me' } });
    expect(await execution.consolidated()).toBeUndefined();
    await until(() => (clock.advance(1_000), calls === 2));
    const settled = await execution.settled();
    const session = (await execution.consolidated()) as ConsolidatedSession;
    const { executionId } = execution;
    expect(session).toMatchObject({
      consolidatedSessionId: `${executionId}_consolidated_1`, executionId, generation: 1, status: 'completed', flowId: 'all', flowType: 'dynamic', mode: 'conditional',
      input: { to: 'me' }, earned: 12, possible: 14, score: 12 / 14, minScore: 0.5, passed: true, zeroedBy: [], notEvaluated: ['never'], assertions: [], consolidator: null, error: null,
      successRate: 12 / 13, totalTools: 2 + 3 + 1 + 9 + 1,
    });
    expect(settled).toMatchObject({ status: 'scored', score: 12 / 14, passed: true, consolidatedSessionId: session.consolidatedSessionId });
    expect(settled.consolidationError).toBeUndefined();
    expect(session.steps.map(({ index, stepId, sessionId }) => [index, stepId, sessionId])).toEqual(flow.steps.map(({ id }, index) => [index, id, `${executionId}_step_${index}`]));
    const [first, each, optional, never] = session.steps;
    expect(first).toMatchObject({ status: 'completed', success: true, result: 'passed', attempts: 2, input: { to: 'me' }, output: { answer: 'no error here' }, failure: null });
    expect(first?.toolCalls).toMatchObject([
      { tool: 'flaky', attempt: 1, input: { to: 'me' }, output: null, status: 'failed', failure: { code: 'busy' } },
      { tool: 'flaky', attempt: 2, input: { to: 'me' }, output: { answer: 'no error here' }, status: 'completed', failure: null },
    ]);
    expect(each).toMatchObject({ input: [1, 2, 3], output: [2, 4, 6] });
    expect(each?.toolCalls.map(({ item, input, output }) => [item, input, output])).toEqual([[0, 1, 2], [1, 2, 4], [2, 3, 6]]);
    expect(optional).toMatchObject({ status: 'failed', success: false, result: 'failed', critical: false, weight: 2, output: null, failure: { code: 'broken', message: 'it broke' } });
    expect(never).toMatchObject({ status: 'skipped', success: false, result: 'not_evaluated', input: null, toolCalls: [], startedAt: null, durationMs: null });
    expect(session.steps[5]).toMatchObject({ input: { constant: 1 } });
    expect(session.steps.at(-1)).toMatchObject({ input: { seen: { answer: 'no error here' } } });
    const ids = session.steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId));
    expect(new Set(ids).size).toBe(session.totalTools);
    expect(session.originalSessionIds).toEqual(session.steps.filter(({ startedAt }) => startedAt !== null).map(({ sessionId }) => sessionId));
    expect(await readRow(store, executionId)).toMatchObject({ successRate: session.successRate, totalTools: session.totalTools, error: null, content: null });
    await expectSound(store);
    await runtime.stop();
  });

  it('has the score of the worked example', async () => {
    const page = readFileSync(new URL('../../docs/reference/scoring.md', import.meta.url), 'utf8');
    const [, text = ''] = /```yaml\n(id: worked.*?)```/s.exec(page) ?? [];
    const { runtime } = await openRuntime(parseFlow(text) as unknown as FlowSource, { balance: () => 1, swap: () => 1, notify: () => 1, quote: () => fail('none', { retryable: false }) });
    const execution = await runtime.start('worked', { input: { notify: false } });
    expect(await execution.settled()).toMatchObject({ passed: true });
    const session = await execution.consolidated();
    const [, shown = ''] = /\/\/ (5 6 .*)$/m.exec(page) ?? [];
    expect(`${session?.earned} ${session?.possible} ${session?.score} ${JSON.stringify(session?.notEvaluated).replaceAll('"', "'")}`).toBe(shown);
    await runtime.stop();
  });

  it('leaves the steps where they are, and has them all the same', async () => {
    const store = openSqliteStore({ file: ':memory:' });
    const { runtime } = await openRuntime([chain(70), { ...chain(3), id: 'big' }], { work: ({ input, flowId }) => (flowId === 'big' ? 'x'.repeat(20_000) : input) }, { store });
    for (const flowId of ['chain', 'big']) {
      const execution = await runtime.start(flowId);
      await execution.settled();
      expect(await readRow(store, execution.executionId)).toMatchObject({ content: null });
      const session = await execution.consolidated();
      expect(session?.steps.map(({ index }) => index)).toEqual(Array.from({ length: flowId === 'big' ? 3 : 70 }, (_, index) => index));
      expect(session?.steps.every(({ output, success, toolCalls }) => success && output !== null && toolCalls[0]?.output !== null)).toBe(true);
    }
    await runtime.stop();
  });

  it('is stored with the last step, in the commit that moves the flow to scored', async () => {
    const store = createMemoryStore();
    const seen: string[] = [];
    const commit = store.commit.bind(store);
    store.commit = batch => {
      commit(batch);
      seen.push(`${batch.executions.map(({ status }) => status).join()}:${batch.consolidated?.length ?? 0}`);
    };
    const { runtime } = await openRuntime(chain(1), { work: () => 1 }, { store });
    await (await runtime.start('chain')).settled();
    expect(seen).toEqual(['stepping:0', 'scored:1']);
    await runtime.stop();
  });
});

describe('a consolidator of one\'s own', () => {
  const flow: FlowSource = { ...chain(2), id: 'own', min_score: 0.2, consolidation: { uses: 'mine', timeout: '5s' } };

  it('is handed the session and gives the score', async () => {
    let handed: ConsolidatedSession | undefined;
    const { runtime, store } = await openRuntime(flow, { work: ({ input }) => input }, { consolidators: { mine: session => ((handed = session), { score: 0.25, extra: { why: 'because' } }) } });
    const execution = await runtime.start('own');
    expect(await execution.settled()).toMatchObject({ score: 0.25, passed: true });
    expect(handed).toMatchObject({ score: 1, steps: [{ output: { index: 0 } }, { output: { index: 1 } }] });
    expect(await execution.consolidated()).toMatchObject({ score: 0.25, consolidator: 'mine', extra: { why: 'because' }, error: null });
    await expectSound(store);
    await runtime.stop();
  });

  it.each([
    ['throws', () => { throw Object.assign(new Error('out of ideas'), { code: 'ideas' }); }, 'ideas'],
    ['rejects', () => Promise.reject(new Error('no')), 'tool_threw'],
    ['answers with a score above 1', () => ({ score: 1.5 }), 'consolidation_invalid'],
    ['answers with no score', () => ({}) as { score: number }, 'consolidation_invalid'],
    ['adds what is not JSON', () => ({ score: 1, extra: new Map() }), 'value_not_json'],
  ] as const)('that %s leaves its row, the score 0 and the reason', async (_name, mine, code) => {
    const { runtime, store } = await openRuntime(flow, { work: ({ input }) => input }, { consolidators: { mine } });
    const execution = await runtime.start('own');
    expect(await execution.settled()).toMatchObject({ status: 'scored', score: 0, passed: false, failure: null, consolidationError: { code } });
    expect(await execution.consolidated()).toMatchObject({ status: 'failed', score: 0, passed: false, error: { code }, successRate: 1, steps: [{ success: true }, { success: true }] });
    expect(await readRow(store, execution.executionId)).toMatchObject({ status: 'failed', error: { code } });
    await expectSound(store);
    await runtime.stop();
  });

  it('that takes too long is told to stop, and is not looked at when it answers after all', async () => {
    const gate = createGate<{ score: number }>();
    let signal: AbortSignal | undefined;
    const { runtime, store, clock } = await openRuntime({ ...flow, consolidation: { uses: 'mine', timeout: '90s' } }, { work: () => 1 }, { consolidators: { mine: (_session, call) => ((signal = call.signal), gate.promise) } });
    const execution = await runtime.start('own');
    await until(() => signal !== undefined);
    expect(await execution.get()).toMatchObject({ status: 'consolidating', score: null, consolidatedSessionId: null });
    clock.advance(89_999);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    expect(signal?.aborted).toBe(true);
    expect(await execution.settled()).toMatchObject({ status: 'scored', score: 0, passed: false, consolidationError: { code: 'consolidation_timeout' } });
    const row = await readRow(store, execution.executionId);
    expect(row).toMatchObject({ status: 'timeout' });
    gate.open({ score: 1 });
    await settleTicks();
    expect(await readRow(store, execution.executionId)).toEqual(row);
    expect(runtime.health().status).toBe('running');
    await expectSound(store);
    await runtime.stop();
  });

  it('cannot make a critical failure good', async () => {
    const { runtime } = await openRuntime(flow, { work: () => fail('broken', { retryable: false }) }, { consolidators: { mine: () => ({ score: 1 }) } });
    const execution = await runtime.start('own');
    expect(await execution.settled()).toMatchObject({ score: 0, passed: false });
    expect(await execution.consolidated()).toMatchObject({ status: 'completed', zeroedBy: ['s0'] });
    await runtime.stop();
  });

  it('that is missing keeps the flow from starting, or waiting in the store until it is there', async () => {
    const gate = createGate<{ score: number }>();
    const first = await openRuntime(flow, { work: () => 1 }, { consolidators: { mine: () => gate.promise } });
    const { executionId } = await first.runtime.start('own');
    await settleTicks();
    const store = (first.store as ReturnType<typeof createMemoryStore>).copy();
    await first.runtime.stop({ timeoutMs: 0 });

    const second = await openRuntime(flow, { work: () => 1 }, { store });
    await expect(second.runtime.start('own')).rejects.toMatchObject({ code: 'consolidator_unknown' });
    await settleTicks();
    expect((await second.runtime.list())[0]).toMatchObject({ executionId, status: 'consolidating', blockedBy: { code: 'consolidator_unknown' } });
    await second.runtime.stop();

    const third = await openRuntime(flow, { work: () => 1 }, { store: store.copy(), consolidators: { mine: () => ({ score: 0.5 }) } });
    expect(await third.runtime.settled(executionId)).toMatchObject({ score: 0.5, passed: true });
    await expectSound(third.store);
    await third.runtime.stop();
  });
});

describe('while a flow consolidates', () => {
  const flow: FlowSource = { ...chain(2), id: 'own', timeout: '1h', consolidation: { uses: 'mine', timeout: '1d' } };

  it('a cancel, a signal and the end of its time come too late', async () => {
    const gate = createGate<{ score: number }>();
    const { runtime, store, clock } = await openRuntime(flow, { work: () => 1 }, { consolidators: { mine: () => gate.promise } });
    const execution = await runtime.start('own');
    await settleTicks();
    expect(await execution.cancel()).toBe(false);
    await expect(execution.signal('anything')).rejects.toMatchObject({ code: 'execution_settled' });
    clock.advance(3_600_001);
    await settleTicks();
    expect((await execution.get()).status).toBe('consolidating');
    gate.open({ score: 1 });
    expect(await execution.settled()).toMatchObject({ status: 'scored', score: 1, passed: true });
    await expectSound(store);
    await runtime.stop();
  });

  it('the process may end: the next one consolidates again, and there is one row', async () => {
    let begun = 0;
    const consolidators = { mine: (): Promise<{ score: number }> => new Promise(() => void begun++) };
    const first = await openRuntime(flow, { work: () => 1 }, { consolidators });
    const { executionId } = await first.runtime.start('own');
    await until(() => begun === 1);
    const store = (first.store as ReturnType<typeof createMemoryStore>).copy();
    const second = await openRuntime(flow, { work: () => 1 }, { store, consolidators: { mine: session => ({ score: session.steps.length / 4 }) } });
    expect(await second.runtime.settled(executionId)).toMatchObject({ score: 0.5 });
    expect(await readRow(store, executionId)).toMatchObject({ status: 'completed' });
    await expectSound(store);
    for (const { runtime } of [first, second]) await runtime.stop({ timeoutMs: 0 });
  });

  it('a graceful stop waits for it, and gives it back to the next process when it takes longer', async () => {
    const gate = createGate<{ score: number }>();
    let signal: AbortSignal | undefined;
    const { runtime, store } = await openRuntime(flow, { work: () => 1 }, { consolidators: { mine: (_session, call) => ((signal = call.signal), gate.promise) } });
    const { executionId } = await runtime.start('own');
    await until(() => signal !== undefined);
    const copy = (store as ReturnType<typeof createMemoryStore>).reopen();
    await runtime.stop({ timeoutMs: 0 });
    expect(signal?.aborted).toBe(true);
    expect(copy.getExecution(executionId)).toMatchObject({ status: 'consolidating', wakeAt: 0 });
    expect(await readRow(copy, executionId)).toBeUndefined();
  });
});
