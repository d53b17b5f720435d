import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpus } from './corpus/corpus.ts';
import { driveLive } from './reference.ts';
import { follow, scripts } from './script.ts';

describe.each(corpus.map(entry => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('goes the same way each time it is driven by XState', async () => {
    await fc.assert(fc.asyncProperty(scripts(entry), async script => {
      expect(await follow(driveLive, entry, script)).toEqual(await follow(driveLive, entry, script));
    }), { numRuns: 5 });
  });

  it('reaches more than its first state', async () => {
    const states = new Set<string>();
    for (const script of fc.sample(scripts(entry), 40)) {
      for (const { snapshot, acted, emitted } of await follow(driveLive, entry, script)) states.add(JSON.stringify([snapshot, acted, emitted]));
      if (states.size > 2) break;
    }
    expect(states.size).toBeGreaterThan(2);
  });
});
