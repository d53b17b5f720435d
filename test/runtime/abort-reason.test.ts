import { describe, expect, it } from 'vitest';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

describe('the reason a handler is told to stop for', () => {
  it.each([
    ['step_timeout', 'The attempt took longer than 5000 ms'],
    ['flow_timeout', 'The flow took longer than 3000 ms'],
    ['cancelled', 'not needed any more'],
    ['flow_halted', 'A critical step failed and the flow is strict'],
    ['runtime_stopped', 'The runtime stops'],
  ])('is %s: %s', async (code, message) => {
    const reasons: { readonly code: string; readonly message: string }[] = [];
    const broken = createGate();
    const { runtime, clock } = await openRuntime(
      { id: 'held', mode: 'strict', ...(code === 'flow_timeout' && { timeout: '3s' }), steps: [{ id: 'a', uses: 'tool:hold', timeout: '5s' }, { id: 'b', uses: 'tool:broken' }] },
      {
        hold: ({ signal }) => {
          signal.addEventListener('abort', () => reasons.push(signal.reason as (typeof reasons)[number]));
          return createGate().promise;
        },
        broken: () => broken.promise,
      },
    );
    const execution = await runtime.start('held');
    await settleTicks();
    if (code === 'step_timeout') clock.advance(5_000);
    else if (code === 'flow_timeout') clock.advance(3_000);
    else if (code === 'cancelled') await execution.cancel(message);
    else if (code === 'flow_halted') broken.fail(new Error('no'));
    else await runtime.stop({ timeoutMs: 0 });
    await settleTicks();
    expect(reasons.map(reason => [reason.code, reason.message])).toEqual([[code, message]]);
    await runtime.stop({ timeoutMs: 0 });
  });
});
