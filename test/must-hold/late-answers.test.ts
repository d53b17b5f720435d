import { describe, expect, it } from 'vitest';
import type { TransitionUpdate } from '../../src/kinds/flows/execution-api.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const ignored = async (execution: Execution): Promise<TransitionUpdate[]> => {
  const found: TransitionUpdate[] = [];
  for await (const update of execution.transitions({ after: 0 })) if (update.type === 'transition' && update.state === null) found.push(update);
  return found;
};

const withTimeout = (retry: object, rest: FlowSource['steps'] = []): FlowSource => ({ id: 'slow', steps: [{ id: 'a', uses: 'tool:slow', timeout: '10s', retry }, ...rest] });

describe('an answer that comes after its attempt timed out', () => {
  it.each([
    ['and the flow has settled', {}, 0],
    ['while the flow waits for the next attempt in memory', { maxAttempts: 2, initialInterval: '1s', jitter: 'none' }, 0],
    ['while the flow is asleep until the next attempt', { maxAttempts: 2, initialInterval: '1h', jitter: 'none' }, 0],
    ['while the next attempt runs', { maxAttempts: 2, initialInterval: '1s', jitter: 'none' }, 1_000],
  ])('is recorded and ignored, %s', async (what, retry, advance) => {
    const gates = [createGate<string>(), createGate<string>()];
    const keys: string[] = [];
    let calls = 0;
    const aborts: unknown[] = [];
    const { runtime, clock, store } = await openRuntime(withTimeout(retry), {
      slow: ({ signal, idempotencyKey, deadline }) => {
        keys.push(idempotencyKey);
        expect(deadline).toBe(clock.now() + 10_000);
        signal.addEventListener('abort', () => aborts.push((signal.reason as { code: string }).code));
        return gates[calls++]?.promise;
      },
    });
    const execution = await runtime.start('slow');
    await settleTicks();
    clock.advance(10_000);
    await settleTicks();
    expect(aborts).toEqual(['step_timeout']);
    const settlesAtOnce = what.includes('settled');
    expect((await execution.get()).steps[0]).toMatchObject({ status: settlesAtOnce ? 'failed' : 'retrying', attempts: 1, reason: { code: 'step_timeout' } });
    clock.advance(advance);
    await settleTicks();
    gates[0]?.open('late');
    await settleTicks();
    if (!settlesAtOnce) {
      expect((await execution.get()).steps[0]?.status).toBe(advance > 0 ? 'running' : 'retrying');
      if (advance === 0) clock.advance(3_600_000);
      await until(() => calls === 2);
      gates[1]?.open('in time');
      expect((await execution.settled()).steps[0]).toMatchObject({ status: 'completed', attempts: 2, output: 'in time' });
      expect(new Set(keys).size).toBe(1);
    } else {
      expect((await execution.settled()).steps[0]).toMatchObject({ status: 'failed', attempts: 1 });
    }
    const late = await ignored(execution);
    expect(late).toMatchObject([{ address: expect.stringMatching(/step:a$/), event: { type: 'attempt.completed', run: 1 } }]);
    await expectSound(store);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('of a handler that fails late, or throws when it is told to stop, changes nothing either', async () => {
    const { runtime, clock, store } = await openRuntime(withTimeout({}), {
      slow: ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    });
    const execution = await runtime.start('slow');
    await settleTicks();
    clock.advance(10_000);
    await settleTicks();
    expect((await execution.settled()).steps[0]).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'step_timeout' } });
    expect(await ignored(execution)).toHaveLength(1);
    await expectSound(store);
    expect(runtime.health()).toMatchObject({ status: 'running', runningSteps: 0 });
    await runtime.stop();
  });

  it('does not make the writes that came with it', async () => {
    const gate = createGate<string>();
    const wrote: string[] = [];
    const { runtime, clock } = await openRuntime(withTimeout({}), {
      slow: ({ onCommit }) => {
        onCommit(() => void wrote.push('late'));
        return gate.promise;
      },
    });
    const execution = await runtime.start('slow');
    await settleTicks();
    clock.advance(10_000);
    await execution.settled();
    gate.open('late');
    await settleTicks();
    expect(wrote).toEqual([]);
    await runtime.stop();
  });
});

describe('a cancel while a handler runs', () => {
  it('wins over its late success, which is recorded', async () => {
    const gate = createGate<string>();
    const { runtime, store } = await openRuntime(withTimeout({}), { slow: () => gate.promise });
    const execution = await runtime.start('slow');
    await settleTicks();
    expect(await execution.cancel()).toBe(true);
    expect(await execution.settled()).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } });
    gate.open('late');
    await settleTicks();
    expect(await execution.get()).toMatchObject({ status: 'failed', steps: [{ status: 'cancelled' }] });
    expect(await ignored(execution)).toMatchObject([{ event: { type: 'attempt.completed' } }]);
    await expectSound(store);
    await runtime.stop();
  });
});
