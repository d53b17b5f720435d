import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { ConsolidatedSession } from '../../src/kinds/flows/consolidation/session.ts';
import { type Handlers, openRuntime, until } from './open-runtime.ts';

const flow: FlowSource = {
  id: 'save',
  steps: [
    { id: 'before', uses: 'tool:balance', weight: 0 },
    { id: 'spend', uses: 'tool:spend', depends_on: ['before'], critical: false, weight: 0 },
  ],
  state: { uses: 'tool:balance', with: { spent: '{% steps.spend.output.amount %}', of: '{% input.of %}' }, initial: 'before' },
  assertions: [
    { id: 'spent', type: 'equals', path: 'steps.spend.output.amount', value: 3 },
    { id: 'less', type: 'change_lte', path: 'state.cash', value: -3, weight: 2 },
    { id: 'called', type: 'matches', path: 'tool_calls', schema: { contains: { properties: { tool: { const: 'spend' }, status: { const: 'completed' } } } } },
    { id: 'jury', type: 'jury', weight: 5 },
  ],
};

async function run(handlers: Handlers, source: FlowSource = flow): Promise<ConsolidatedSession> {
  const { runtime } = await openRuntime(source, handlers);
  const execution = await runtime.start(source.id, { input: { of: 'me' } });
  await execution.settled();
  const session = await execution.consolidated();
  await runtime.stop();
  return session as ConsolidatedSession;
}

const balance: Handlers[string] = ({ input }) => ({ cash: 10 - ((input as { spent?: number | null }).spent ?? 0), input });
const results = ({ assertions }: ConsolidatedSession): unknown => Object.fromEntries(assertions.map(({ id, result }) => [id, result]));

describe('the assertions of a flow', () => {
  it('are evaluated when its steps have settled, count by their weight, and are stored with what was found', async () => {
    const session = await run({ balance, spend: () => ({ amount: 3 }) });
    expect(results(session)).toEqual({ spent: 'passed', less: 'passed', called: 'passed', jury: 'not_evaluated' });
    expect(session).toMatchObject({ score: 1, earned: 4, possible: 4, notEvaluated: ['jury'], state: { value: { cash: 7, input: { spent: 3, of: 'me' } } } });
    expect(session.assertions[1]).toEqual({ id: 'less', type: 'change_lte', weight: 2, result: 'passed', expected: -3, actual: -3 });
  });

  it('fail with a step, and the state is read all the same', async () => {
    const session = await run({ balance, spend: () => Promise.reject(Object.assign(new Error('no'), { retryable: false })) });
    expect(results(session)).toEqual({ spent: 'failed', less: 'failed', called: 'failed', jury: 'not_evaluated' });
    expect(session).toMatchObject({ score: 0, passed: true, state: { value: { cash: 10 } } });
  });

  it('are not evaluated where the state cannot be read, and the score comes from the rest', async () => {
    let calls = 0;
    const session = await run({ balance: call => (calls++ === 0 ? balance(call) : Promise.reject(new Error('no answer'))), spend: () => ({ amount: 2 }) });
    expect(session.assertions[1]).toMatchObject({ result: 'not_evaluated', reason: 'The state could not be read: no answer' });
    expect(session).toMatchObject({ score: 0.5, state: { failure: { code: 'tool_threw', message: 'no answer' } } });
  });

  it('are not evaluated where the tool that reads the state writes', async () => {
    let calls = 0;
    const session = await run({ balance: call => (calls++ > 0 && call.onCommit(() => {}), balance(call)), spend: () => ({ amount: 3 }) });
    expect(session.state).toMatchObject({ failure: { code: 'state_read_only' } });
    calls = 0;
    const other = await run({ balance: async call => (calls++ > 0 && (await call.artifact('a.txt', 'x')), balance(call)), spend: () => ({ amount: 3 }) });
    expect(other.state).toMatchObject({ failure: { code: 'state_read_only' } });
  });

  it('wait for the state no longer than they may', async () => {
    let calls = 0;
    const hangs: Handlers = { balance: call => (calls++ === 0 ? balance(call) : new Promise(() => {})), spend: () => ({ amount: 3 }) };
    const { runtime, clock } = await openRuntime({ ...flow, state: { ...flow.state, uses: 'tool:balance', timeout: '5s' } }, hangs);
    const execution = await runtime.start('save');
    await until(() => calls === 2);
    await clock.advance(5_000);
    await execution.settled();
    expect((await execution.consolidated())?.state).toMatchObject({ failure: { code: 'step_timeout' } });
    await runtime.stop();

    calls = 0;
    const second = await openRuntime(flow, hangs);
    const late = await second.runtime.start('save');
    await until(() => calls === 2);
    await second.clock.advance(60_000);
    expect(await late.settled()).toMatchObject({ score: 0, passed: false });
    expect(await late.consolidated()).toMatchObject({ status: 'timeout', error: { code: 'consolidation_timeout' } });
    await second.runtime.stop();
  });

  it('are handed to a consolidator of one\'s own', async () => {
    const { runtime } = await openRuntime({ ...flow, consolidation: { uses: 'strict' } }, { balance, spend: () => ({ amount: 3 }) }, { consolidators: { strict: session => ({ score: session.assertions.every(({ result }) => result === 'passed') ? 1 : 0.25 }) } });
    const execution = await runtime.start('save');
    expect(await execution.settled()).toMatchObject({ score: 0.25 });
    expect((await execution.consolidated())?.assertions).toHaveLength(4);
    await runtime.stop();
  });

  it('see every step of a long flow', async () => {
    const steps = Array.from({ length: 60 }, (_, at) => ({ id: `s${at}`, uses: 'tool:n', with: { at }, weight: 0 }));
    const session = await run({ n: ({ input }) => input }, { id: 'long', steps, assertions: [{ id: 'last', type: 'equals', path: 'steps.s59.output.at', value: 59 }] });
    expect(session).toMatchObject({ score: 1, assertions: [{ result: 'passed' }] });
    expect(session.steps).toHaveLength(60);
  });

  it('keep a flow waiting for the tool that reads its state', async () => {
    const { runtime } = await openRuntime(flow, { spend: () => ({ amount: 3 }), balance });
    await runtime.stop();
    const missing = await openRuntime({ ...flow, state: { uses: 'tool:other', initial: 'before' } }, { spend: () => ({ amount: 3 }), balance });
    await expect(missing.runtime.start('save')).rejects.toMatchObject({ code: 'tool_unknown' });
    await missing.runtime.stop();
  });
});
