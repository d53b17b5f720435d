import { expect, it } from 'vitest';
import { setup } from 'xstate';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';
import { passTime } from './pass-time.ts';

const machine = setup({}).createMachine({ id: 'late', initial: 'a', states: { a: { after: { 100: 'b' } }, b: { after: { 100_000: 'c' } }, c: {} } });
const other = setup({}).createMachine({ id: 'other' });

it('an actor whose machine comes with a spawn goes on by itself from then on, in memory or not', async () => {
  const place = openPlace();
  await (await place.open()).spawn(machine, { id: 'a' });
  await place.close();
  place.clock.advance(1_000);
  const runtime = await place.open();
  await expect(runtime.actor('a')).rejects.toMatchObject({ code: 'actor_machine_missing' });
  expect((await runtime.spawn(machine, { id: 'a' })).address).toBe('a');
  await settleTicks();
  expect(await runtime.actors({ machineId: 'late' })).toMatchObject([{ value: 'b' }]);
  // More than those that stay in memory though they only wait.
  for (let i = 0; i < 300; i++) await runtime.spawn(other, { id: `other-${i}` });
  await passTime(place.clock, 100_000, settleTicks);
  expect(await runtime.actors({ machineId: 'late' })).toMatchObject([{ value: 'c' }]);
  await place.close();
});
