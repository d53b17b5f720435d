import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { everyday } from './corpus/everyday.ts';
import { features } from './corpus/features.ts';
import type { Stimulus } from './differential.ts';
import { runLive, runTree, sortKinds } from './differential.ts';
import { checkTrees } from './random-runs.ts';

// XState says so when an actor that has ended is sent something.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterAll(() => void vi.restoreAllMocks());

const toStimuli = (events: readonly string[]): fc.Arbitrary<Stimulus[]> =>
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...events).map(event => ({ event })) }, { weight: 1, arbitrary: fc.constantFrom(0, 1, 5, 10, 13, 25, 50).map(ms => ({ ms })) }), { maxLength: 40, size: 'max' });

describe.each(Object.entries({ ...features, ...everyday }))('%s', (_, { machine, events }) => {
  for (const restarts of [false, true]) {
    it(`${restarts ? 'restarted after each event, ' : ''}does what XState does`, () => {
      fc.assert(
        fc.property(toStimuli(events), stimuli => {
          expect(runTree(machine, stimuli, restarts).map(sortKinds)).toEqual(runLive(machine, stimuli).map(sortKinds));
        }),
        { numRuns: restarts ? 25 : 10 },
      );
    });
  }
});

describe('statecharts made at random', () => {
  it('restarted after each event, do what XState does', () => {
    checkTrees({ numRuns: 100 });
  });

  it('stay in what a history has led them into, whole or not', () => {
    checkTrees({ seed: 20_261_201, path: '371', numRuns: 1, endOnFailure: true });
  });
});
