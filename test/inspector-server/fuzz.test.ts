import { expect, it } from 'vitest';
import { createSeededRandom } from '../../src/core/ids.ts';
import { fuzzInspector } from './fuzz-inspector.ts';

it('an inspector gives a named error to whatever it is sent, and goes on', async () => {
  const { wrong, codes, answered } = await fuzzInspector(createSeededRandom(19), 1_800);
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(500);
  expect(Object.keys(codes)).toEqual(expect.arrayContaining(['message_invalid', 'request_invalid', 'topic_unknown', 'debug_not_held']));
});
