import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { SettledExecution } from '../../src/kinds/flows/execution-api.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createGate, openRuntime, settleTicks, until } from './open-runtime.ts';

type Mode = NonNullable<FlowSource['mode']>;

/** What becomes of `work`, and how the flow is brought there. */
const ends = {
  completed: {}, failed: { work: 'broken' }, skipped: { before: 'broken' }, 'excluded by its condition': { when: '{% false %}' }, cancelled: { work: 'hang', cancels: true }, 'timed out with its flow': { work: 'hang', expires: true },
  'halted by another': { work: 'hang', beside: 'broken' },
} as const;

const statuses = ({ steps }: SettledExecution): Record<string, string> => Object.fromEntries(steps.filter(({ item }) => item === undefined).map(({ stepId, status }) => [stepId, status]));

function createFlow(mode: Mode, end: { readonly work?: string; readonly before?: string; readonly beside?: string; readonly when?: string; readonly expires?: true }): FlowSource {
  return {
    id: 'f', mode, ...(end.expires && { timeout: '1m' }), concurrency: 2,
    steps: [
      { id: 'before', uses: `tool:${end.before ?? 'echo'}` },
      { id: 'beside', uses: `tool:${end.beside ?? 'echo'}`, depends_on: ['before'] },
      { id: 'work', uses: `tool:${end.work ?? 'echo'}`, depends_on: ['before'], ...(end.when !== undefined && { when: end.when }) },
      { id: 'after', uses: 'tool:echo', depends_on: ['work'] },
      { id: 'tidy', run: 'always', uses: 'tool:tidy', depends_on: ['work'], with: { found: '{% steps.work.status %}' } },
      { id: 'report', run: 'always', uses: 'tool:echo', depends_on: ['tidy'] },
    ],
  };
}

async function open(source: FlowSource, more: { readonly tidy?: (call: ToolCall) => unknown } = {}) {
  const clock = new SimulatedClock();
  const found: unknown[] = [];
  const opened = await openRuntime(source, {
    echo: ({ input }) => input,
    broken: () => {
      throw new Error('broken');
    },
    hang: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    tidy: more.tidy ?? (({ input }) => void found.push(input)),
  }, { clock, store: createMemoryStore() });
  return { ...opened, clock, found };
}

describe.each(['strict', 'conditional', 'lenient'] as const)('an always-step of a %s flow', mode => {
  it.each(Object.entries(ends))('runs when what it depends on has %s', async (_name, given) => {
    const end = given as { readonly work?: string; readonly before?: string; readonly beside?: string; readonly when?: string; readonly expires?: true; readonly cancels?: true };
    const { runtime, clock, found } = await open(createFlow(mode, end));
    const execution = await runtime.start('f');
    await settleTicks();
    if (end.cancels) expect(await execution.cancel('enough')).toBe(true);
    if (end.expires) await clock.advance(60_000);
    if (end.beside && mode !== 'strict') await execution.cancel();
    const settled = await execution.settled();
    expect(statuses(settled)).toMatchObject({ tidy: 'completed', report: 'completed' });
    expect(found).toEqual([{ found: statuses(settled)['work'] }]);
    const isEnded = end.cancels === true || end.expires === true || (end.beside !== undefined && mode !== 'strict');
    expect(settled.status).toBe(isEnded ? 'failed' : 'scored');
    if (end.cancels) expect(settled.failure).toMatchObject({ code: 'cancelled', message: 'enough' });
    if (end.expires) expect(settled.failure).toMatchObject({ code: 'flow_timeout' });
    // A clean-up that went well does not make the flow pass.
    if (isEnded || (mode !== 'lenient' && (end.work === 'broken' || end.before === 'broken'))) expect(settled.passed).toBe(false);
    await runtime.stop();
  });
});

describe('an always-step', () => {
  const holding = createFlow('conditional', { work: 'hang' });

  it('keeps a cancelled flow unsettled until it has ended, and begins nothing else', async () => {
    const gate = createGate();
    const { runtime } = await open(holding, { tidy: () => gate.promise });
    const execution = await runtime.start('f');
    await settleTicks();
    await execution.cancel();
    await settleTicks();
    expect(await execution.get()).toMatchObject({ status: 'stepping', passed: null, score: null, failure: null });
    gate.open();
    expect(statuses(await execution.settled())).toEqual({ before: 'completed', beside: 'completed', work: 'cancelled', after: 'cancelled', tidy: 'completed', report: 'completed' });
    await runtime.stop();
  });

  it('is cancelled, too, by a second cancel', async () => {
    const { runtime } = await open(holding, { tidy: () => new Promise(() => {}) });
    const execution = await runtime.start('f');
    await settleTicks();
    await execution.cancel('first');
    await settleTicks();
    expect(await execution.cancel('for good')).toBe(true);
    const settled = await execution.settled();
    expect(statuses(settled)).toMatchObject({ tidy: 'cancelled', report: 'cancelled' });
    expect(settled.failure).toMatchObject({ message: 'for good' });
    await runtime.stop({ timeoutMs: 0 });
  });

  it('does not run when a flow is cancelled before it has begun', async () => {
    const { runtime } = await openRuntime([holding, { id: 'first', steps: [{ id: 'a', uses: 'tool:hang' }] }], { hang: () => new Promise(() => {}), echo: () => 1, tidy: () => 1 }, { maxActiveFlows: 1 });
    await runtime.start('first');
    const second = await runtime.start('f');
    await second.cancel();
    expect(await second.settled()).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } });
    expect((await second.get()).steps.every(({ attempts }) => attempts === 0)).toBe(true);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('runs with its items, its retries and its alternative after a halt', async () => {
    const { runtime } = await openRuntime({
      id: 'f', mode: 'strict', concurrency: 1,
      steps: [
        { id: 'work', uses: 'tool:broken' },
        { id: 'each', run: 'always', uses: 'tool:flaky', for_each: [1, 2, 3], depends_on: ['work'], retry: { maxAttempts: 2, initialInterval: 0 } },
        { id: 'other', run: 'always', uses: 'tool:broken', depends_on: ['work'], recover: { alternative: 'instead' } },
        { id: 'instead', uses: 'tool:echo', with: 'done' },
      ],
    }, {
      broken: () => {
        throw new Error('broken');
      },
      flaky: ({ attempt, input }) => {
        if (attempt === 1) throw new Error('once');
        return input;
      },
      echo: ({ input }) => input,
    }, { random: { next: () => 0 } as never });
    const settled = await (await runtime.start('f')).settled();
    expect(statuses(settled)).toEqual({ work: 'failed', each: 'completed', other: 'completed', instead: 'completed' });
    expect(settled).toMatchObject({ status: 'scored', passed: false });
    await runtime.stop();
  });

  it('goes on after a crash in the middle of the clean-up, also of a flow that another one had started', async () => {
    const store = createMemoryStore();
    const clock = new SimulatedClock();
    const child = { ...createFlow('conditional', { work: 'hang' }), id: 'child' };
    const parent: FlowSource = { id: 'parent', steps: [{ id: 'call', uses: 'flow:child' }] };
    let tidied = 0;
    const handlers = (tidy: () => unknown) => ({ echo: () => 1, hang: () => new Promise(() => {}), tidy });
    const before = await openRuntime([parent, child], handlers(() => new Promise(() => {})), { store, clock });
    const execution = await before.runtime.start('parent');
    const childId = `${execution.executionId}.call`;
    await settleTicks();
    await execution.cancel();
    await execution.settled();
    await settleTicks();
    expect(await (await before.runtime.get(childId)).get()).toMatchObject({ status: 'stepping' });
    await before.runtime.stop({ timeoutMs: 0 });

    const after = await openRuntime([parent, child], handlers(() => void tidied++), { store: store.reopen(), clock });
    await until(() => tidied > 0);
    expect(statuses(await after.runtime.settled(childId))).toMatchObject({ work: 'cancelled', tidy: 'completed', report: 'completed' });
    await after.runtime.stop();
  });

  it('is kept by a retry that does not reach it, and runs again with what it depends on', async () => {
    let broken = true;
    let tidied = 0;
    const { runtime } = await openRuntime({
      id: 'f', steps: [{ id: 'a', uses: 'tool:a' }, { id: 'b', uses: 'tool:b', depends_on: ['a'] }, { id: 'tidy', run: 'always', uses: 'tool:tidy', depends_on: ['a'] }],
    }, {
      a: () => {
        if (broken) throw new Error('broken');
      },
      b: () => 1, tidy: () => ++tidied,
    });
    const execution = await runtime.start('f');
    await execution.settled();
    await runtime.retry(execution.executionId, { step: 'tidy' });
    expect(statuses(await runtime.settled(execution.executionId))).toEqual({ a: 'failed', b: 'skipped', tidy: 'completed' });
    broken = false;
    await runtime.retry(execution.executionId);
    expect(await runtime.settled(execution.executionId)).toMatchObject({ passed: true });
    expect(tidied).toBe(3);
    await runtime.stop();
  });

  it('leaves the outputs of a flow to the steps before it', async () => {
    const { runtime } = await openRuntime([
      { id: 'child', steps: [{ id: 'make', uses: 'tool:make' }, { id: 'tidy', run: 'always', uses: 'tool:none', depends_on: ['make'] }] },
      { id: 'parent', steps: [{ id: 'call', uses: 'flow:child' }] },
    ], { make: () => 7, none: () => null });
    const settled = await (await runtime.start('parent')).settled();
    expect(settled.steps[0]?.output).toMatchObject({ outputs: { make: 7, tidy: null } });
    await runtime.stop();
  });
});

describe('`run`', () => {
  it.each<[what: string, steps: readonly object[], code: string, at: string]>([
    ['without anything it depends on', [{ id: 'a', uses: 'exec', run: 'always' }], 'key_not_allowed', 'steps[0].run'],
    ['with another word', [{ id: 'a', uses: 'exec' }, { id: 'b', uses: 'exec', depends_on: ['a'], run: 'npm test' }], 'invalid_value', 'steps[1].run'],
    ['of an alternative', [{ id: 'a', uses: 'exec', recover: { alternative: 'b' } }, { id: 'b', uses: 'exec', run: 'always' }], 'key_not_allowed', 'steps[1].run'],
  ])('is refused %s', (_what, steps, code, path) => {
    expect(() => defineFlow({ id: 'f', steps } as unknown as FlowSource)).toThrow(expect.objectContaining({
      code: 'definition_invalid', details: { problems: expect.arrayContaining([expect.objectContaining({ code, place: { path } })]) },
    }));
  });
});
