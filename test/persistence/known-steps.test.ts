import { expect, it } from 'vitest';
import { KnownSteps } from '../../persistence/records/known-steps.ts';
import { completed, makeAttempt, makeStep } from './conformance/fixtures.ts';

const items = Array.from({ length: 5_000 }, (_, item) => item);

it('remembers steps of the executions used last, and every one of the last of all', () => {
  const known = new KnownSteps(20_000);
  for (const key of [1, 2, 3, 4, 5, 6]) {
    known.note(key, key * 10, items.map(item => makeStep(key, 0, { ...completed, item })), items.map(item => makeAttempt(key, 0, { item })));
    known.keep();
  }
  expect([1, 2, 3, 4, 5, 6].map(key => known.findOutput(key, 0, 4_999))).toEqual([undefined, 20, 30, 40, 50, 60]);
  known.drop(3);
  expect(known.findOutput(3, 0, 1)).toBeUndefined();
});

it('takes back what a refused commit noted, and holds to what is settled after it, too', () => {
  const known = new KnownSteps();
  known.note(1, 1, [makeStep(1, 0, completed)], [makeAttempt(1, 0)]);
  known.keep();
  known.note(1, 2, [makeStep(1, 1, completed)], []);
  known.undo();
  known.note(1, 3, [makeStep(1, 1, completed)], []);
  for (const _ of [1, 2]) {
    expect(() => known.note(1, 4, [makeStep(1, 0)], [])).toThrow('settled');
    known.undo();
    expect(() => known.note(1, 4, [], [makeAttempt(1, 0)])).toThrow('stored already');
    known.undo();
  }
});
