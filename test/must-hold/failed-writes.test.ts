import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const retry = { maxAttempts: 3, initialInterval: '5s', jitter: 'none' as const, nonRetryable: ['own_rule'] };
const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:write', retry }] };

describe('a failed write of a step\'s own', () => {
  it('is tried again as any other failure: after the wait its retry policy asks for', async () => {
    const attempts: number[] = [];
    const { runtime, clock } = await openRuntime(flow, {
      write({ attempt, onCommit }) {
        attempts.push(attempt);
        onCommit(() => {
          if (attempt < 3) throw new Error('locked');
        });
      },
    }, { store: openSqliteStore({ file: ':memory:' }) });
    const execution = await runtime.start('f');
    await settleTicks();
    expect(attempts).toEqual([1]);
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'retrying', dueAt: clock.now() + 5_000 });
    clock.advance(5_000);
    await settleTicks();
    clock.advance(9_999);
    await settleTicks();
    expect(attempts).toEqual([1, 2]);
    clock.advance(1);
    expect((await execution.settled()).steps[0]).toMatchObject({ status: 'completed', attempts: 3 });
    await runtime.stop();
  });

  it('is not tried again when its code is one of `nonRetryable`', async () => {
    const { runtime } = await openRuntime(flow, {
      write({ onCommit }) {
        onCommit(() => {
          throw Object.assign(new Error('no'), { code: 'own_rule' });
        });
      },
    }, { store: openSqliteStore({ file: ':memory:' }) });
    const { steps } = await (await runtime.start('f')).settled();
    expect(steps[0]).toMatchObject({ status: 'failed', attempts: 1, reason: { code: 'own_rule' } });
    await runtime.stop();
  });
});
