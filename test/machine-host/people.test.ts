import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { corpus } from './corpus/corpus.ts';
import { driveDurably } from './durable-driver.ts';
import { checkStored } from './random-runs.ts';
import { driveLive } from './reference.ts';
import { follow, scripts } from './script.ts';

describe.each(corpus.map(entry => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('goes durably as it goes in XState', async () => {
    await fc.assert(fc.asyncProperty(scripts(entry), async script => {
      expect(await follow(driveDurably, entry, script)).toEqual(await follow(driveLive, entry, script));
    }), { numRuns: 6 });
  });

  it('goes so, too, out of memory between the steps', async () => {
    await fc.assert(fc.asyncProperty(scripts(entry), async script => {
      expect(await follow(given => driveDurably(given, { evicts: true }), entry, script)).toEqual(await follow(driveLive, entry, script));
    }), { numRuns: 2 });
  });

  it.skipIf(entry.residentOnly !== undefined)('goes on as if nothing had been, restarted before each step', async () => {
    await fc.assert(fc.asyncProperty(scripts(entry), async script => {
      expect(await follow(driveDurably, entry, script, true)).toEqual(await follow(driveLive, entry, script));
    }), { numRuns: 6 });
  });
});

describe('statecharts made at random', () => {
  // XState says so when an actor that has ended is sent something.
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  it.each(['restarted', 'evicted'] as const)('go on in the store as if nothing had been: %s before each step', way => checkStored(way, { numRuns: 12 }));
});
