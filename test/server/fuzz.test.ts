import { describe, expect, it } from 'vitest';
import { fuzzHttp } from './fuzz-http.ts';

describe('requests that nobody would send', () => {
  it.each([1, 2])('are answered, and never with 500 (seed %i)', async seed => {
    const { faults, statuses } = await fuzzHttp(seed, 1_500);
    expect(faults).toEqual([]);
    // They reach what they are aimed at, and are refused in many ways.
    for (const status of [200, 202, 400, 401, 403, 404, 405, 409, 422]) expect([status, (statuses[status] ?? 0) > 0]).toEqual([status, true]);
  });
});
