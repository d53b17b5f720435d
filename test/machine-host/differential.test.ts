import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { features } from './corpus/features.ts';
import type { Stimulus } from './differential.ts';
import { runLive, runTree, sortKinds } from './differential.ts';

const toStimuli = (events: readonly string[]): fc.Arbitrary<Stimulus[]> =>
  fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...events).map(event => ({ event })) }, { weight: 1, arbitrary: fc.constantFrom(0, 1, 5, 10, 13, 25, 50).map(ms => ({ ms })) }), { maxLength: 40, size: 'max' });

describe.each(Object.entries({ ...features }))('%s', (_, { machine, events }) => {
  for (const restarts of [false, true]) {
    it(`${restarts ? 'restarted after each event, ' : ''}does what XState does`, () => {
      fc.assert(
        fc.property(toStimuli(events), stimuli => {
          expect(runTree(machine, stimuli, restarts).map(sortKinds)).toEqual(runLive(machine, stimuli).map(sortKinds));
        }),
        { numRuns: 60 },
      );
    });
  }
});
