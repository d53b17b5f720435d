import { describe, expect, it } from 'vitest';
import { liveThrough, planDeaths } from './deaths.ts';
import { mortalShells } from './mortal-shells.ts';

describe.each(Object.entries(mortalShells))('a window over %s', (_, open) => {
  it('misses nothing, and does everything once, at whichever message its runtime dies', async () => {
    const { messages, complaints } = await liveThrough(open, []);
    expect(complaints).toEqual([]);
    for (let message = 1; message <= messages; message++) {
      // Twice: what a death has left is what the next one meets.
      const deaths = [{ message, isDelivered: message % 2 === 0 }, { message: 1 + (message * 7) % 20 }];
      expect({ message, ...(await liveThrough(open, deaths)) }).toMatchObject({ complaints: [] });
    }
  });

  it('does so through deaths at random', async () => {
    for (let seed = 1; seed <= 20; seed++) expect({ seed, ...(await liveThrough(open, planDeaths(seed))) }).toMatchObject({ complaints: [] });
  });
});
