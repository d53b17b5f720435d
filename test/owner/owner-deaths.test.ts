import { expect, it } from 'vitest';
import { createSeededRandom } from '../../src/core/ids.ts';
import { countDeaths } from './owner-deaths.ts';

it('does what a client asks for once, and answers it once, however often the owner is killed', { timeout: 120_000 }, async () => {
  const { acknowledged, wrong } = await countDeaths(5, createSeededRandom(15));
  expect(wrong).toEqual([]);
  expect(acknowledged).toBeGreaterThanOrEqual(4);
});
