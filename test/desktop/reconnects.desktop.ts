import { describe, expect, it } from 'vitest';
import { liveThrough, planDeaths } from '../electron/deaths.ts';
import { mortalShells } from '../electron/mortal-shells.ts';

const seeds = Number(process.env['SEEDS'] ?? 500);

describe.each(Object.entries(mortalShells))('a window over %s', name => {
  it('misses nothing and does everything once, whatever its runtime dies of', async () => {
    const open = mortalShells[name] as (typeof mortalShells)[string];
    let lives = 0;
    for (let seed = 1_000; seed < 1_000 + seeds; seed++) {
      const result = await liveThrough(open, planDeaths(seed));
      expect({ seed, ...result }).toMatchObject({ complaints: [] });
      lives += result.lives;
    }
    console.log(`${name}: ${seeds} seeds, ${lives - seeds} deaths`);
    expect(lives).toBeGreaterThan(2 * seeds);
  });
});
