import { expect, it } from 'vitest';
import { killStepped } from './stepped-kills.ts';

it('an execution that is stepped and killed goes on where it was: nothing lost, nothing repeated', { timeout: 120_000 }, async () => {
  const { killed, faults } = await killStepped(2);
  expect(faults).toEqual([]);
  expect(killed).toBe(2);
});
