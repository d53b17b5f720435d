import { describe, expect, it } from 'vitest';
import { runStorm } from '../torture/queue-storm.ts';

describe('four processes at one queue', () => {
  it('handle every message to one end while they are killed at random, the owner too', async () => {
    const { complaints, kills, completed, dead } = await runStorm({ seed: 7, messages: 2_000, durability: 'process', killEvery: 300, maxKills: 5, limitMs: 300_000 });
    expect(complaints.slice(0, 10)).toEqual([]);
    expect(kills).toBeGreaterThan(0);
    expect(completed + dead).toBe(2_000);
  });
});
