import { expect, it } from 'vitest';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const slow = { id: 'slow', steps: [{ id: 'a', uses: 'tool:slow', timeout: '5m' }] };

it.each([
  { what: 'back', by: -3_600_000 },
  { what: 'forward', by: 3_600_000 },
])('times an attempt out after the time that has passed, also when the clock is set $what', async ({ by }) => {
  const clock = new SimulatedClock();
  const gate = createGate();
  const { runtime } = await openRuntime(slow, { slow: () => gate.promise }, { clock });
  const execution = await runtime.start('slow');
  await settleTicks();
  clock.advance(30_000);
  clock.jump(clock.now() + by);
  clock.advance(269_000);
  await settleTicks();
  expect((await execution.get()).steps[0]).toMatchObject({ status: 'running' });
  clock.advance(2_000);
  expect((await execution.settled()).steps[0]).toMatchObject({ status: 'failed', reason: { code: 'step_timeout' } });
  gate.open();
  await runtime.stop();
});
